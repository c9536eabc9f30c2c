"""Which batch `manage.py ingest` adds to: a new one, or the unfinished one of the same files."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from batches.engine import incoming, lifecycle
from batches.intake.local_files import inspect_file
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_true
from tests.support.commands import CommandRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    """A folder of two small files; what is in them does not matter here."""
    folder = tmp_path / "home" / "DCIM"
    folder.mkdir(parents=True)
    (folder / "a.gif").write_bytes(b"GIF89a of Ada")
    (folder / "b.gif").write_bytes(b"GIF89a of Bob")
    return folder


@pytest.fixture
def left(owner: User, roll: Path) -> UploadBatch:
    """What a run leaves that is cut off after its first file was announced."""
    batch = lifecycle.open_batch(owner.id, "DCIM")
    incoming.register_item(batch.id, inspect_file(roll / "a.gif", "DCIM/a.gif").file)
    batch.refresh_from_db()
    return batch


def totals() -> list[int]:
    """Files of each batch, in the order they were opened."""
    for batch in UploadBatch.objects.all():
        assert_counters_true(batch)
    return list(UploadBatch.objects.order_by("id").values_list("total", flat=True))


def test_unfinished_batch_of_the_same_files_is_gone_on_with(owner: User, left: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", owner.username)

    assert totals() == [2]


def test_batch_that_was_opened_and_got_no_file_is_used(owner: User, roll: Path) -> None:
    lifecycle.open_batch(owner.id, "DCIM")

    CommandRun(roll, "--owner", owner.username)

    assert totals() == [2]


def test_first_file_that_changed_since_does_not_hide_the_batch(owner: User, left: UploadBatch, roll: Path) -> None:
    incoming.register_item(left.id, inspect_file(roll / "b.gif", "DCIM/b.gif").file)
    (roll / "a.gif").write_bytes(b"GIF89a of Ada, turned")

    CommandRun(roll, "--owner", owner.username)

    assert totals() == [3]


def test_new_batch_is_begun_on_request(owner: User, left: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", owner.username, "--new")

    assert totals() == [1, 2]


def test_folder_of_the_same_name_with_other_files_gets_its_own(owner: User, left: UploadBatch, tmp_path: Path) -> None:
    (tmp_path / "card" / "DCIM").mkdir(parents=True)
    (tmp_path / "card" / "DCIM" / "c.gif").write_bytes(b"GIF89a")

    CommandRun(tmp_path / "card" / "DCIM", "--owner", owner.username)

    assert totals() == [1, 1]


def test_other_name_gets_a_batch_of_its_own(owner: User, left: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", owner.username, "--name", "Summer")

    assert totals() == [1, 2]


def test_batch_of_somebody_else_is_not_touched(other: User, left: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", other.username)

    assert totals() == [1, 2]


def test_batch_that_was_sealed_or_cancelled_is_not_added_to(owner: User, left: UploadBatch, roll: Path) -> None:
    UploadBatch.objects.update(status=BatchStatus.CANCELLED, completed_at=left.created_at)
    CommandRun(roll, "--owner", owner.username)

    CommandRun(roll, "--owner", owner.username)

    assert totals() == [1, 2, 2]
