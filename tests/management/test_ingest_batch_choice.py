"""Whether `manage.py ingest` adds files to a new batch or to an unfinished batch with the same files."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from batches.engine import incoming, lifecycle
from batches.intake.local_files import inspect_file
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_match
from tests.support.commands import CommandRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "DCIM"
    folder.mkdir(parents=True)
    (folder / "a.gif").write_bytes(b"GIF89a of Ada")
    (folder / "b.gif").write_bytes(b"GIF89a of Bob")
    return folder


@pytest.fixture
def unfinished(owner: User, roll: Path) -> UploadBatch:
    """The batch left by a run that was interrupted after it had registered its first file."""
    batch = lifecycle.open_batch(owner.id, "DCIM")
    incoming.register_item(batch.id, inspect_file(roll / "a.gif", "DCIM/a.gif").file)
    batch.refresh_from_db()
    return batch


def totals() -> list[int]:
    """Check the counters of all batches; return the number of files in each batch, oldest first."""
    for batch in UploadBatch.objects.all():
        assert_counters_match(batch)
    return list(UploadBatch.objects.order_by("id").values_list("total", flat=True))


def test_unfinished_batch_with_the_same_files_is_resumed(owner: User, unfinished: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", owner.username)

    assert totals() == [2]


def test_empty_batch_is_resumed(owner: User, roll: Path) -> None:
    lifecycle.open_batch(owner.id, "DCIM")

    CommandRun(roll, "--owner", owner.username)

    assert totals() == [2]


def test_batch_is_found_although_its_first_file_has_changed(owner: User, unfinished: UploadBatch, roll: Path) -> None:
    incoming.register_item(unfinished.id, inspect_file(roll / "b.gif", "DCIM/b.gif").file)
    (roll / "a.gif").write_bytes(b"GIF89a of Ada, turned")

    CommandRun(roll, "--owner", owner.username)

    assert totals() == [3]


def test_new_batch_is_opened_on_request(owner: User, unfinished: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", owner.username, "--new")

    assert totals() == [1, 2]


def test_folder_of_the_same_name_with_other_files_gets_a_new_batch(
    owner: User, unfinished: UploadBatch, tmp_path: Path
) -> None:
    (tmp_path / "card" / "DCIM").mkdir(parents=True)
    (tmp_path / "card" / "DCIM" / "c.gif").write_bytes(b"GIF89a")

    CommandRun(tmp_path / "card" / "DCIM", "--owner", owner.username)

    assert totals() == [1, 1]


def test_other_name_gets_a_new_batch(owner: User, unfinished: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", owner.username, "--name", "Summer")

    assert totals() == [1, 2]


def test_batch_of_another_owner_is_not_resumed(other: User, unfinished: UploadBatch, roll: Path) -> None:
    CommandRun(roll, "--owner", other.username)

    assert totals() == [1, 2]


def test_sealed_or_cancelled_batch_is_not_resumed(owner: User, unfinished: UploadBatch, roll: Path) -> None:
    UploadBatch.objects.update(status=BatchStatus.CANCELLED, cancelling=True, completed_at=unfinished.created_at)
    CommandRun(roll, "--owner", owner.username)

    CommandRun(roll, "--owner", owner.username)

    assert totals() == [1, 2, 2]
