"""Each file of an archive becomes one item of the archive's batch and is processed like an uploaded file."""

import zipfile
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from batches.engine import cancel, claim, delete_batch
from batches.engine.archive_items import insert_archived_files
from batches.engine.delete_archives import delete_unneeded_archives, unneeded_archives
from batches.engine.finish_item import complete_item
from batches.engine.in_flight import Job
from batches.engine.recovery import recover_items
from batches.engine.runner import run_job
from batches.intake import archives
from batches.models import ArchiveEntry, BatchItem, UploadBatch
from batches.models.states import BatchStatus
from bench import rows
from tests.archives.conftest import WORKER, Send, picture, run_jobs
from tests.support.archives import zipped
from tests.support.batches import assert_counters_match
from tests.support.hostile_archives import linked
from tests.support.query_plans import truncate_tables
from uploads.models import FileDeletion, Upload

pytestmark = pytest.mark.django_db(transaction=True)
FOLDER = "Takeout/Google Photos/Photos from 2020"


def outcomes(batch: UploadBatch) -> dict[str, str]:
    """Return each file's result or error code, keyed by path."""
    return {str(item): item.result or item.error_code for item in batch.items.order_by("id")}


def test_files_of_an_archive_become_items(send: Send) -> None:
    first, known = picture(1), picture(2)
    run_jobs(send({"old.jpg": known}))
    parts = {
        "export/takeout-001.zip": zipped({f"{FOLDER}/a.jpg": first, f"{FOLDER}/b.jpg": known, "__MACOSX/a.jpg": b"x"}),
        "export/takeout-002.zip": zipped(
            {f"{FOLDER}/again.jpg": first, f"{FOLDER}/c.txt": b"text", f"{FOLDER}/d.jpg": b""}
        ),
    }

    batch = send(parts)
    run_jobs(batch)

    assert outcomes(batch) == {
        "export/takeout-001.zip": "archive",
        "export/takeout-002.zip": "archive",
        f"export/{FOLDER}/a.jpg": "new",
        f"export/{FOLDER}/b.jpg": "duplicate",
        "export/__MACOSX/a.jpg": "ignored.junk",
        f"export/{FOLDER}/again.jpg": "duplicate",
        f"export/{FOLDER}/c.txt": "file.unsupported",
        f"export/{FOLDER}/d.jpg": "ignored.empty",
    }
    assert (batch.status, batch.found, batch.new, batch.archives) == (BatchStatus.COMPLETED, 8, 1, 2)
    assert_counters_match(batch)
    assert {item.archive_id for item in batch.items.filter(sha256="")} <= set(batch.items.values_list("id", flat=True))


def test_export_in_another_language_ends_without_failures(send: Send) -> None:
    photos = "Takeout/Google Fotos"
    files = {
        "Takeout/Archiv_Übersicht.html": b"<!DOCTYPE html>",
        f"{photos}/Meer/a.jpg": picture(1),
        f"{photos}/Meer/a.jpg.json": b'{"photoTakenTime": {"timestamp": "1706702400"}}',
        f"{photos}/Meer/Metadaten.json": b'{"title": "Meer"}',
        f"{photos}/Ohne Titel/Metadaten.json": b"{}",
        f"{photos}/print-subscriptions.json": b"{}",
        f"{photos}/Titel von Erinnerungen.json": b'{"title": ["Urlaub"]}',
        "Takeout/Mail/Alle E-Mails.mbox": b"From 1@xxx",
        "Takeout/Meine Aktivitäten/Suche/MeineAktivitäten.json": b'[{"header": "Suche"}]',
    }

    batch = send({"takeout.zip": zipped(files)})
    run_jobs(batch)

    assert_counters_match(batch)
    assert (batch.status, batch.failed, batch.found, batch.never_arrived) == (BatchStatus.COMPLETED, 0, 10, 0)
    assert outcomes(batch) == {
        "takeout.zip": "archive",
        "Takeout/Archiv_Übersicht.html": "ignored.export",
        f"{photos}/Meer/a.jpg": "new",
        f"{photos}/Meer/a.jpg.json": "sidecar",
        f"{photos}/Meer/Metadaten.json": "sidecar",
        f"{photos}/Ohne Titel/Metadaten.json": "ignored.export",
        f"{photos}/print-subscriptions.json": "ignored.export",
        f"{photos}/Titel von Erinnerungen.json": "ignored.export",
        "Takeout/Mail/Alle E-Mails.mbox": "ignored.export",
        "Takeout/Meine Aktivitäten/Suche/MeineAktivitäten.json": "ignored.export",
    }


def test_archive_is_deleted_when_its_files_are_stored(send: Send) -> None:
    batch = send({"a.zip": zipped({"a.jpg": picture(1)})})
    assert delete_unneeded_archives() == 0
    run_jobs(batch)
    archive = batch.items.get(result="archive")

    deleted = delete_unneeded_archives()

    sha256 = archive.sha256
    archive.refresh_from_db()
    assert (deleted, delete_unneeded_archives(), FileDeletion.objects.count()) == (1, 0, 1)
    assert (archive.upload_id, archive.sha256, len(sha256)) == (None, sha256, 64)
    assert (Upload.objects.get().filename, ArchiveEntry.objects.count()) == ("a.jpg", 0)


def test_crash_before_the_commit_leaves_the_archive_as_it_was(
    send: Send, monkeypatch: pytest.MonkeyPatch, no_grace: None
) -> None:
    batch = send({"a.zip": zipped({f"{number}.jpg": picture(number) for number in range(5)})})
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None

    def crash(*arguments: object) -> None:
        insert_archived_files(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(archives, "insert_archived_files", crash)
    with pytest.raises(KeyboardInterrupt):
        complete_item(claimed, archives.process_item(Job(claimed)))
    monkeypatch.undo()
    inserted = batch.items.count()
    recover_items()
    BatchItem.objects.update(lost_worker=None, crash_count=0)
    run_jobs(batch)

    assert inserted == 1
    assert sorted(outcomes(batch).values()) == ["archive", *["new"] * 5]
    assert_counters_match(batch)


def test_lost_claim_adds_no_files(send: Send, no_grace: None) -> None:
    batch = send({"a.zip": zipped({"a.jpg": picture(1)})})
    lost = claim.claim_item(batch.id, WORKER)
    assert lost is not None
    save = archives.process_item(Job(lost))
    recover_items()
    BatchItem.objects.update(lost_worker=None, crash_count=0)
    run_jobs(batch)

    assert not complete_item(lost, save)
    assert sorted(outcomes(batch).values()) == ["archive", "new"]


def test_file_is_unpacked_again_after_a_crash(send: Send, no_grace: None) -> None:
    batch = send({"a.zip": zipped({"a.jpg": picture(1)})})
    archive = claim.claim_item(batch.id, WORKER)
    assert archive is not None
    run_job(archive)
    crashed = claim.claim_item(batch.id, WORKER)
    assert crashed is not None
    recover_items()
    BatchItem.objects.update(lost_worker=None, crash_count=0)

    run_jobs(batch)
    run_job(crashed)

    assert sorted(outcomes(batch).values()) == ["archive", "new"]
    assert Upload.objects.filter(kind="image").count() == 1
    assert_counters_match(batch)


def test_cancelled_batch_gets_no_files(send: Send) -> None:
    batch = send({"a.zip": zipped({"a.jpg": picture(1)})})
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    cancel.cancel_batch(batch.id)

    run_job(claimed)

    assert list(batch.items.values_list("status", flat=True)) == ["cancelled"]
    assert delete_unneeded_archives() == 1
    assert_counters_match(batch)


def test_batch_is_deleted_with_files_that_are_still_in_an_archive(send: Send) -> None:
    batch = send({"a.zip": zipped({f"{number}.jpg": picture(number) for number in range(5)})})
    archive = claim.claim_item(batch.id, WORKER)
    assert archive is not None
    run_job(archive)

    delete_batch.begin_deletion(batch.id)
    while delete_batch.delete_chunk(batch.id)[0]:
        pass

    assert delete_batch.finish_deletion(batch.id)
    assert not Upload.objects.exists()
    assert not ArchiveEntry.objects.exists()


REFUSED = {
    "outside": (zipped({"../../a.jpg": picture(1)}), {"../../a.jpg": "archive.unsafe_path", "a.zip": "archive"}),
    "link": (linked(), {"link.jpg": "archive.link", "a.zip": "archive"}),
    "nested": (zipped({"b.zip": zipped({"a.jpg": picture(1)})}), {"b.zip": "archive.nested", "a.zip": "archive"}),
    "truncated": (zipped({"a.jpg": picture(1)})[:-40], {"a.zip": "archive.truncated"}),
    "empty": (zipped({}), {"a.zip": "archive"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_file_that_cannot_be_unpacked_is_refused_with_its_reason(send: Send, case: str) -> None:
    data, expected = REFUSED[case]

    batch = send({"a.zip": data})
    run_jobs(batch)

    assert outcomes(batch) == expected
    assert batch.status == BatchStatus.COMPLETED
    assert_counters_match(batch)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries_of_equal_name_are_both_imported(send: Send) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jpg", picture(1))
        archive.writestr("a.jpg", picture(2))

    batch = send({"a.zip": buffer.getvalue()})
    run_jobs(batch)

    assert (batch.new, batch.archives) == (2, 1)


def test_archive_in_an_archive_is_unpacked_if_allowed(send: Send, settings: Settings) -> None:
    settings.ARCHIVE_DEPTH = 2

    batch = send({"a.zip": zipped({"b.zip": zipped({"a.jpg": picture(1)})})})
    run_jobs(batch)

    assert outcomes(batch) == {"a.zip": "archive", "b.zip": "archive", "a.jpg": "new"}


def test_archive_that_exceeds_the_quota_can_be_retried(send: Send, settings: Settings, owner: User) -> None:
    data = zipped({"a.jpg": picture(1), "b.jpg": picture(2)})
    settings.OWNER_BYTES = len(data) + 100
    batch = send({"a.zip": data})
    run_jobs(batch)

    item = batch.items.get()
    assert (item.error_code, item.can_retry) == ("archive.quota", True)
    assert delete_unneeded_archives() == 0


def test_archive_may_not_have_more_files_than_a_batch(send: Send, settings: Settings) -> None:
    settings.MAX_BATCH_FILES = 3

    batch = send({"a.zip": zipped({f"{number}.jpg": picture(number) for number in range(3)})})
    run_jobs(batch)

    assert outcomes(batch) == {"a.zip": "archive.too_many_files"}
    assert_counters_match(batch)


def test_only_archives_may_be_larger_than_a_file(send: Send, settings: Settings) -> None:
    settings.MAX_FILE_BYTES = 500
    archive = zipped({"a.jpg": picture(1)}, zipfile.ZIP_STORED)

    batch = send({"a.zip": archive, "b.zip": picture(3), "c.jpg": picture(4)})
    run_jobs(batch)

    assert outcomes(batch) == {
        "a.zip": "archive",
        "a.jpg": "file.too_large",
        "b.zip": "file.too_large",
        "c.jpg": "file.too_large",
    }


def test_unneeded_archives_are_found_by_their_index(transactional_db: None) -> None:
    truncate_tables()
    rows.attach_pictures(rows.fill(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_batchitem, uploads_upload, batches_archiveentry")

    plan = unneeded_archives().order_by("id")[:20].explain()

    assert "upload_archive" in plan
    assert "Seq Scan on batches_batchitem" not in plan
