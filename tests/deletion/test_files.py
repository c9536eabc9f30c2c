"""Files of deleted pictures are removed after their rows, even after crashes, and orphaned files are found."""

import logging
import os
import shutil
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from batches import services
from tests.deletion.stored_files import make_deletions_due, store, stored_names
from tests.support.batches import make_upload
from uploads.database import fetch_rows
from uploads.models import FileDeletion
from uploads.storage import file_deletion, original_name

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_deletion.storage_outage, "is_lost", False)
    monkeypatch.setattr(file_deletion.failed_removals, "is_lost", False)


def delete_one(owner: User) -> None:
    upload = store(make_upload(owner, 1))
    services.delete_pictures(services.owner_scope(owner), [upload.id])


def test_files_are_kept_for_a_grace_period(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_deletion.DELAY.total_seconds() >= 3
    monkeypatch.setattr(file_deletion, "DELAY", timedelta(minutes=1))
    delete_one(owner)

    assert file_deletion.purge_deleted_files() == 0
    assert len(stored_names()) == 3
    assert FileDeletion.objects.get().due_at > timezone.now()


def test_crash_during_file_deletion_is_recovered(owner: User, media: Path) -> None:
    delete_one(owner)
    (media / original_name(FileDeletion.objects.get().key)).unlink()
    make_deletions_due()

    assert file_deletion.purge_deleted_files() == 1

    assert not stored_names()
    assert file_deletion.purge_deleted_files() == 0


def test_claimed_file_deletion_is_due_again_after_a_crash(owner: User) -> None:
    delete_one(owner)
    make_deletions_due()
    claimed = fetch_rows(file_deletion.CLAIM_DUE, {"delay": file_deletion.RETRY_DELAY, "doublings": 6, "chunk": 100})

    assert len(claimed) == 1
    assert file_deletion.purge_deleted_files() == 0
    make_deletions_due()
    assert file_deletion.purge_deleted_files() == 1


def test_unavailable_storage_is_retried_and_logged_once(
    owner: User, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "uploads.storage.file_deletion")
    delete_one(owner)
    shutil.move(media, media.with_name("unmounted"))
    pauses = []
    for _ in range(3):
        FileDeletion.objects.update(due_at=timezone.now())
        assert file_deletion.purge_deleted_files() == 0
        pauses.append(round((FileDeletion.objects.get().due_at - timezone.now()).total_seconds() / 60))
    shutil.move(media.with_name("unmounted"), media)
    make_deletions_due()

    assert file_deletion.purge_deleted_files() == 1

    assert pauses == [1, 2, 4]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert not stored_names()


def test_file_that_cannot_be_removed_does_not_block_others(
    owner: User, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    uploads = [store(make_upload(owner, number)) for number in range(3)]
    stuck = original_name(uploads[0].key)
    (media / stuck).unlink()
    (media / stuck / "folder").mkdir(parents=True)
    services.delete_pictures(services.owner_scope(owner), [upload.id for upload in uploads])
    make_deletions_due()

    assert file_deletion.purge_deleted_files() == 2

    assert FileDeletion.objects.get().key == uploads[0].key
    assert stored_names() == set(uploads[0].previews.values())
    assert [record.name for record in caplog.records] == ["uploads.storage.file_deletion"]
    assert "storage is unavailable" not in caplog.text


def test_files_of_an_existing_picture_are_never_removed(owner: User) -> None:
    upload = store(make_upload(owner, 1))
    FileDeletion.objects.create(key=upload.key, previews=upload.previews, due_at=timezone.now())

    assert file_deletion.purge_deleted_files() == 1

    assert len(stored_names()) == 3


def sweep(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("remove_orphaned_files", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_orphaned_files_are_removed_if_old(owner: User, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(make_upload(owner, 1))
    orphan, odd = store(make_upload(owner, 2)), media / "originals" / "00" / "odd"
    orphan.delete()
    odd.write_bytes(b"what is this")
    draft = media / f"{kept.previews['320']}.4711-1"
    draft.write_bytes(b"half a preview of a living picture")
    assert sweep()[-1].startswith("0 files")
    monkeypatch.setattr("uploads.storage.orphaned_files.MIN_AGE", timedelta(0))

    listed = sweep("--dry-run")
    swept = sweep()

    names = {original_name(orphan.key), *orphan.previews.values(), "originals/00/odd", str(draft.relative_to(media))}
    assert set(listed[:-1]) == set(swept[:-1]) == names
    assert listed[-1].startswith("5 files")
    assert stored_names() == {original_name(kept.key), *kept.previews.values()}


def test_orphaned_files_are_not_searched_on_a_disk_that_is_not_mounted(media: Path) -> None:
    shutil.rmtree(media / "originals")

    with pytest.raises(CommandError, match="The storage is unavailable"):
        sweep()


def test_orphaned_file_with_old_bytes_and_a_new_name_is_kept(media: Path) -> None:
    part = media / "part"
    part.write_bytes(b"received the day before yesterday")
    os.utime(part, (time.time() - 2 * 86400,) * 2)
    part.rename(media / "originals" / "00" / ("a" * 32))

    assert sweep()[-1].startswith("0 files")
