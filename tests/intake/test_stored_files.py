"""A file counts as stored only if its owner has exactly these bytes, undamaged and not in the trash."""

import hashlib
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches import services
from batches.engine import lifecycle
from batches.engine.reanalyse import read_library_text
from batches.intake.file_name import FileName
from batches.intake.receive import receive_file
from batches.intake.stored_files import FileDigest, StoredState, find_stored
from batches.models import BatchItem, UploadBatch
from batches.models.scope import owner_scope
from batches.models.states import ItemResult, ItemStatus
from bench import rows
from tests.intake.preflight_requests import PICTURE, post
from tests.support.query_plans import indexes, truncate_tables
from tests.support.users import make_user
from uploads.models import DamagedFile, Upload

pytestmark = pytest.mark.django_db(transaction=True)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' + (
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3"/></rdf:RDF></x:xmpmeta>'
)


def add(owner: User, name: str, content: bytes) -> UploadBatch:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    assert receive_file(batch, FileName(name, len(content)), io.BytesIO(content)).state != "refused"
    return batch


def digest_of(content: bytes) -> FileDigest:
    return FileDigest(hashlib.sha256(content).hexdigest(), len(content))


def state_of(owner: User, content: bytes) -> str:
    return find_stored(owner_scope(owner), [digest_of(content)])[0].state


def test_picture_and_sidecar_are_stored(ada: User) -> None:
    add(ada, "a.jpg", PICTURE)
    add(ada, "a.xmp", XMP)

    files = find_stored(owner_scope(ada), [digest_of(XMP), digest_of(b"other"), digest_of(PICTURE)])

    assert [file.state for file in files] == [StoredState.SIDECAR, StoredState.MISSING, StoredState.STORED]


def test_damaged_file_is_not_stored(ada: User) -> None:
    add(ada, "a.jpg", PICTURE)
    now = timezone.now()
    DamagedFile.objects.create(upload=Upload.objects.get(), owner=ada, reason="original.changed", found_at=now)

    assert state_of(ada, PICTURE) == StoredState.DAMAGED


def test_file_in_the_trash_is_not_stored(ada: User) -> None:
    add(ada, "a.jpg", PICTURE)
    Upload.objects.update(trashed_at=timezone.now())

    assert state_of(ada, PICTURE) == StoredState.TRASH


def test_archive_is_not_stored_although_its_bytes_still_are(ada: User) -> None:
    add(ada, "a.jpg", PICTURE)
    Upload.objects.update(kind="archive")

    assert state_of(ada, PICTURE) == StoredState.MISSING


def test_files_of_others_and_of_other_sizes_are_not_stored(ada: User) -> None:
    add(make_user("bob"), "a.jpg", PICTURE)
    assert state_of(ada, PICTURE) == StoredState.MISSING

    add(ada, "a.jpg", PICTURE)
    other_size = FileDigest(digest_of(PICTURE).sha256, len(PICTURE) + 1)
    assert find_stored(owner_scope(ada), [other_size])[0].state == StoredState.MISSING


def test_sidecar_of_a_deleted_import_is_not_stored(ada: User) -> None:
    batch = add(ada, "a.xmp", XMP)
    services.delete_batch(owner_scope(ada), batch.id)

    assert state_of(ada, XMP) == StoredState.MISSING


def test_picture_of_a_deleted_import_is_stored_only_if_another_import_has_it(ada: User) -> None:
    first, second = add(ada, "a.jpg", PICTURE), add(ada, "b.jpg", PICTURE)
    Upload.objects.update(processed_at=timezone.now())
    assert read_library_text(ada.pk, "model")

    services.delete_batch(owner_scope(ada), first.id)
    assert state_of(ada, PICTURE) == StoredState.STORED

    services.delete_batch(owner_scope(ada), second.id)
    assert state_of(ada, PICTURE) == StoredState.MISSING


def test_lookup_of_sidecars_uses_their_index(ada: User) -> None:
    truncate_tables()
    batch_id = rows.fill(4_000, ada.get_username())
    BatchItem.objects.filter(batch_id=batch_id).update(
        sha256=F("fingerprint"),
        status=ItemStatus.COMPLETED,
        result=ItemResult.SIDECAR,
        queue_position=None,
        finished_at=timezone.now(),
    )
    rows.vacuum()

    with CaptureQueriesContext(connection) as queries:
        find_stored(owner_scope(ada), [digest_of(XMP)])

    assert "item_digest" in indexes(queries[-1]["sql"])


def test_response_contains_the_state_and_the_time_of_the_check(browser: Client, ada: User) -> None:
    add(ada, "a.jpg", PICTURE)
    checked = timezone.now()
    Upload.objects.update(verified_at=checked)
    files = [{"sha256": file.sha256, "size": file.size} for file in (digest_of(PICTURE), digest_of(b"other"))]

    answer = post(browser, "/safe-to-delete/files/", {"files": files})

    assert answer == (
        200,
        {
            "files": [
                {"state": "stored", "verified_at": checked.isoformat()},
                {"state": "missing", "verified_at": None},
            ]
        },
    )


@pytest.mark.parametrize(
    ("files", "status"),
    [(["x"], 400), ([{"sha256": "x", "size": 1}], 400), ([{"sha256": "0" * 64, "size": 1}] * 501, 413)],
)
def test_malformed_request_is_refused(browser: Client, files: list[Any], status: int) -> None:
    assert post(browser, "/safe-to-delete/files/", {"files": files})[0] == status
