"""Verification starts with the files that have gone unchecked the longest, and stops when its budget is used up.

Damaged files are recorded, but an outage of the storage does not count as damage.
"""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tests.support.query_plans import indexes
from tests.verification.library import flip_byte, make_unreadable, replace, store
from uploads.errors import EnvironmentalError
from uploads.models import DamagedFile, DamageReason, Upload
from uploads.storage import delete_files
from uploads.storage.disk import DiskStorage
from uploads.verification.check import find_damage, mark_repaired, record_check
from uploads.verification.schedule import bytes_checked_today, verify_due, verify_in_background

pytestmark = pytest.mark.django_db(transaction=True)


def names(budget: int = 2**30) -> list[str]:
    return [check.upload.filename for check in verify_due(budget)]


def test_files_never_checked_come_first_then_the_oldest_check(owner: User) -> None:
    long_ago = timezone.now() - timedelta(days=40)
    store(owner, b"1", "checked.jpg", verified_at=long_ago)
    store(owner, b"2", "checked earlier.jpg", verified_at=long_ago - timedelta(days=1))
    store(owner, b"3", "checked lately.jpg", verified_at=timezone.now())
    store(owner, b"4", "never.jpg")
    store(owner, b"5", "just received.jpg", age_days=0)

    assert names() == ["never.jpg", "checked earlier.jpg", "checked.jpg"]
    assert names() == []


def test_next_round_continues_where_the_budget_ended(owner: User) -> None:
    for number in range(4):
        store(owner, b"x" * 10 + bytes([number]), f"{number}.jpg")

    assert names(budget=12) == ["0.jpg", "1.jpg"]
    assert names(budget=12) == ["2.jpg", "3.jpg"]


def test_daily_budget_includes_earlier_rounds_of_the_day(owner: User, settings: Settings) -> None:
    settings.VERIFY_BYTES_PER_DAY = 10
    for number in range(3):
        store(owner, b"x" * 10 + bytes([number]))

    for _round in range(3):
        verify_in_background()

    assert Upload.objects.exclude(verified_at=None).count() == 1


@pytest.mark.parametrize(("hours", "checked"), [((1, 6), 0), ((22, 1), 0), ((11, 13), 1), ((11, 1), 1)])
def test_background_keeps_to_the_permitted_hours(
    owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch, hours: tuple[int, int], checked: int
) -> None:
    settings.VERIFY_HOURS = hours
    monkeypatch.setattr(timezone, "localtime", lambda: timezone.now().replace(hour=12))
    store(owner, b"x")

    verify_in_background()

    assert Upload.objects.exclude(verified_at=None).count() == checked


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda upload: flip_byte(upload, b"content"), DamageReason.CHANGED),
        (lambda upload: replace(upload, b"cont"), DamageReason.CHANGED),
        (lambda upload: delete_files(upload.key, {}), DamageReason.MISSING),
    ],
)
def test_damage_is_recorded_and_the_row_of_the_picture_stays(
    owner: User, harm: Callable[[Upload], None], reason: DamageReason
) -> None:
    upload = store(owner, b"content")
    store(owner, b"intact", "b.jpg")
    before = Upload.objects.values().get(id=upload.id)
    harm(upload)

    assert [check.reason for check in verify_due(2**30)] == [reason, None]

    damage = DamagedFile.objects.get()
    assert (damage.upload, damage.owner, damage.reason, damage.notified_at) == (upload, owner, reason, None)
    assert Upload.objects.values().get(id=upload.id) == before | {"verified_at": damage.found_at}


def test_file_that_the_disk_cannot_read_is_damaged(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = store(owner, b"content")
    use_failing_disk(monkeypatch, errno.EIO)

    assert find_damage(upload) == DamageReason.UNREADABLE


@pytest.mark.parametrize("number", [errno.EIO, errno.EUCLEAN, errno.EACCES])
def test_file_that_cannot_be_opened_does_not_stop_the_check_of_others(
    owner: User, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make_unreadable(store(owner, b"content"), number, monkeypatch)
    store(owner, b"intact", "b.jpg")

    assert [check.reason for check in verify_due(2**30)] == [DamageReason.UNREADABLE, None]


def test_storage_error_does_not_count_as_damage(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = store(owner, b"content")
    use_failing_disk(monkeypatch, errno.ESTALE)

    with pytest.raises(EnvironmentalError):
        find_damage(upload)


@pytest.mark.parametrize("gone", ["originals", "originals/*"])
def test_missing_disk_does_not_count_as_damage(owner: User, media: Path, gone: str) -> None:
    store(owner, b"content")
    for folder in media.glob(gone):
        shutil.rmtree(folder)

    verify_in_background()

    assert not DamagedFile.objects.exists()
    assert Upload.objects.get().verified_at is None


def test_file_that_is_intact_again_is_no_longer_damaged(owner: User) -> None:
    upload = store(owner, b"content")
    flip_byte(upload, b"content")
    list(verify_due(2**30))
    replace(upload, b"content")
    upload.refresh_from_db()

    assert record_check(upload, find_damage(upload))

    assert not DamagedFile.objects.exists()


def test_result_of_a_check_that_a_repair_overtook_is_discarded(owner: User) -> None:
    upload = store(owner, b"content")
    flip_byte(upload, b"content")
    reason = find_damage(upload)
    replace(upload, b"content")
    mark_repaired(upload.id)

    assert not record_check(upload, reason)

    assert not DamagedFile.objects.exists()


def test_queries_of_a_round_use_the_index(owner: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        bytes_checked_today()
        list(verify_due(2**30))

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert [indexes(query["sql"]) for query in queries] == [{"upload_verified"}] * 3


def use_failing_disk(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Make reads of opened originals fail with the errno `number`."""

    class FailingStream:
        def read(self, _size: int) -> bytes:
            raise OSError(number, "failed")

    @contextmanager
    def open_at(_self: DiskStorage, _name: str, _offset: int) -> Iterator[FailingStream]:
        yield FailingStream()

    monkeypatch.setattr(DiskStorage, "open_at", open_at)
