"""A file that a guest sends in parts counts only once towards the limits of the link, and only if it can be stored."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from batches import services
from batches.engine.refusals import Refused
from batches.intake.file_name import FileName
from batches.intake.file_part import FilePart, PartOutcome
from batches.models import BatchItem, GuestLink, UploadBatch
from tests.support.images import encoded, textured
from tests.support.small_disk import SmallDisk
from tests.support.users import make_user
from tests.support.waiting import wait_until

SIZE = 2000
PICTURE = encoded(textured(64, 48), "JPEG").ljust(SIZE, b".")
ITEM_LOCKS = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'batches_batchitem'::regclass
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
def link(anna: User) -> GuestLink:
    until = timezone.now() + timedelta(days=1)
    return GuestLink.objects.create(owner=anna, name="Wedding", expires_at=until, max_files=5, max_bytes=10**6)


@pytest.fixture
def disk(tmp_path: Path, settings: Settings) -> Iterator[SmallDisk]:
    """A disk for partial files, small enough (1 MiB) for a test to fill."""
    disk = SmallDisk(tmp_path / "disk", 1)
    settings.PARTIAL_ROOT = disk.folder
    settings.MIN_FREE_BYTES = 0
    yield disk
    disk.unmount()


class FillingStream(BytesIO):
    """A stream that fills the disk when it is read."""

    disk: SmallDisk

    def read(self, size: int | None = -1) -> bytes:
        self.disk.fill()
        return super().read(size)


def part(stream: BytesIO, name: str = "clip.jpg", size: int = SIZE // 2) -> FilePart:
    return FilePart(FileName(name, SIZE, last_modified="guest 1"), 0, size, stream)


def counted(link: GuestLink) -> tuple[int, int]:
    link.refresh_from_db()
    return link.files, link.bytes


@pytest.mark.django_db
def test_first_part_on_a_full_disk_does_not_count_until_it_is_sent_again(link: GuestLink, disk: SmallDisk) -> None:
    stream = FillingStream(PICTURE[: SIZE // 2])
    stream.disk = disk

    batch_id, full = services.receive_part_from_guest(link, "Ben", None, part(stream))

    assert (full.received, "disk is full" in full.error) == (0, True)
    assert (BatchItem.objects.get().error_code, counted(link)) == ("storage.full", (0, 0))

    disk.free()
    _, again = services.receive_part_from_guest(link, "Ben", batch_id, part(BytesIO(PICTURE[: SIZE // 2])))

    assert (again.received, again.error) == (SIZE // 2, "")
    assert (BatchItem.objects.get().status, counted(link)) == ("receiving", (1, SIZE))


@pytest.mark.django_db
def test_file_that_cannot_be_registered_leaves_nothing(link: GuestLink, tmp_path: Path, settings: Settings) -> None:
    settings.PARTIAL_ROOT = tmp_path
    last = BatchItem.objects.create(batch=UploadBatch.objects.create(owner=make_user("ben"), name=""), size=1).pk
    (tmp_path / str(last + 1)).mkdir()  # so that the next item's partial file cannot be opened

    with pytest.raises(Refused):
        services.receive_part_from_guest(link, "Ben", None, part(BytesIO(PICTURE[: SIZE // 2])))

    assert not UploadBatch.objects.filter(owner=link.owner).exists()
    assert counted(link) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_first_parts_at_once_count_once(link: GuestLink) -> None:
    batch_id, _ = services.receive_part_from_guest(link, "Ben", None, part(BytesIO(PICTURE), "first.jpg", SIZE))
    outcomes: list[PartOutcome] = []

    def send() -> None:
        try:
            first = part(BytesIO(PICTURE[: SIZE // 2]))
            outcomes.append(services.receive_part_from_guest(link, "Ben", batch_id, first)[1])
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(2)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE batches_batchitem IN SHARE MODE")  # both threads find no item and wait to insert one
        for thread in threads:
            thread.start()
        wait_until(lambda: cursor.execute(ITEM_LOCKS) or cursor.fetchone() == (2,))
    for thread in threads:
        thread.join()

    assert max(outcome.received for outcome in outcomes) == SIZE // 2
    assert counted(link) == (2, 2 * SIZE)
