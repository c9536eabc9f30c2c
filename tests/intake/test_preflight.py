"""The upload page's requests before it sends file data. They use only the user's own batches and uploads."""

import hashlib
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.engine import lifecycle
from batches.engine.cancel import cancel_batch
from batches.intake.file_name import FileName, fingerprint
from batches.intake.preflight import library_sizes
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from batches.models.scope import owner_scope
from tests.intake.preflight_requests import PICTURE, post
from tests.support.batches import assert_counters_match
from tests.support.query_plans import truncate_tables
from tests.support.users import make_user
from uploads.models import Upload
from uploads.storage import original_name

pytestmark = pytest.mark.django_db(transaction=True)
SHA256 = hashlib.sha256(PICTURE).hexdigest()


def hashed(path: str = "Iceland/a.jpg", sha256: str = SHA256, size: int = len(PICTURE)) -> dict[str, object]:
    filename = path.rpartition("/")[2]
    name = {"relative_path": path, "filename": filename, "size": size, "last_modified": "1000"}
    return name | {"sha256": sha256}


def store_picture(owner: User, *, processed: bool = True) -> Upload:
    """Store `PICTURE` in a new batch of `owner`; mark it as processed if `processed` is true."""
    batch = lifecycle.open_batch(owner.id, "Earlier")
    receive_file(batch, FileName("first.jpg", len(PICTURE)), io.BytesIO(PICTURE))
    upload = Upload.objects.get(owner=owner)
    if processed:
        Upload.objects.filter(id=upload.id).update(processed_at=timezone.now())
    return upload


def states(answer: tuple[int, Any]) -> list[str]:
    status, content = answer
    assert status == 200, content
    return [file["state"] for file in content["files"]]


def test_library_sizes_are_those_of_own_files(browser: Client, ada: User) -> None:
    store_picture(ada)
    store_picture(make_user("bob"))
    Upload.objects.exclude(owner=ada).update(size=77)

    answer = post(browser, "/batches/library-sizes/", {"sizes": [len(PICTURE), 77, 78]})

    assert answer == (200, {"sizes": [len(PICTURE)]})


def test_stored_file_is_completed_without_its_bytes(browser: Client, ada: User, batch: UploadBatch) -> None:
    upload = store_picture(ada)

    answer = post(browser, f"/batches/{batch.id}/unsent/", {"files": [hashed(), hashed("Iceland/b.jpg", "0" * 64)]})

    assert states(answer) == ["duplicate", "unknown"]
    item = batch.items.get()
    assert (item.status, item.result, item.upload_id) == ("completed", "duplicate", upload.id)
    assert item.fingerprint == fingerprint("Iceland/a.jpg", len(PICTURE), "1000")
    assert_counters_match(batch)


@pytest.mark.parametrize("sent", [True, False])
def test_duplicate_of_a_picture_in_the_trash_restores_it(
    browser: Client, ada: User, batch: UploadBatch, *, sent: bool
) -> None:
    store_picture(ada)
    Upload.objects.update(trashed_at=timezone.now())

    if sent:
        receive_file(batch, FileName("a.jpg", len(PICTURE)), io.BytesIO(PICTURE))
    else:
        post(browser, f"/batches/{batch.id}/unsent/", {"files": [hashed()]})

    assert batch.items.get().result == "duplicate"
    assert Upload.objects.get().trashed_at is None


def test_stored_file_that_was_never_processed_is_queued(browser: Client, ada: User, batch: UploadBatch) -> None:
    store_picture(ada, processed=False)

    answer = post(browser, f"/batches/{batch.id}/unsent/", {"files": [hashed()]})

    assert states(answer) == ["queued"]
    assert batch.items.get().status == "pending"
    assert_counters_match(batch)


def test_repeated_request_counts_once(browser: Client, ada: User, batch: UploadBatch) -> None:
    store_picture(ada)

    answers = [post(browser, f"/batches/{batch.id}/unsent/", {"files": [hashed()]}) for _ in range(2)]

    assert [states(answer) for answer in answers] == [["duplicate"], ["duplicate"]]
    batch.refresh_from_db()
    assert (batch.total, batch.successful) == (1, 1)


def test_files_of_others_are_neither_reported_nor_queried(browser: Client, batch: UploadBatch) -> None:
    def queries_of_request() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            answer = post(browser, f"/batches/{batch.id}/unsent/", {"files": [hashed()]})
        assert states(answer) == ["unknown"]
        return [query["sql"].partition(" WHERE ")[0] for query in queries]

    queries_of_request()  # the first request records that the uploader is active
    before = queries_of_request()
    store_picture(make_user("bob"))

    assert queries_of_request() == before
    assert post(browser, "/batches/library-sizes/", {"sizes": [len(PICTURE)]}) == (200, {"sizes": []})
    assert not batch.items.exists()


def test_stored_file_whose_original_is_missing_is_sent_again(browser: Client, ada: User, batch: UploadBatch) -> None:
    default_storage.delete(original_name(store_picture(ada).key))

    assert states(post(browser, f"/batches/{batch.id}/unsent/", {"files": [hashed()]})) == ["unknown"]


def test_cancelled_and_foreign_batches_are_not_found(browser: Client, ada: User, batch: UploadBatch) -> None:
    store_picture(ada)
    foreign = lifecycle.open_batch(make_user("bob").id, "Bob's")
    cancel_batch(batch.id)

    for batch_id in (batch.id, foreign.id, 10**15):
        for path, body in (("unsent", {"files": [hashed()]}), ("manifest", {"after": 0})):
            status, content = post(browser, f"/batches/{batch_id}/{path}/", body)
            assert (status, content["code"]) == (404, "batch.unknown")


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("library-sizes", "{", 400, "request.malformed"),
        ("library-sizes", [], 400, "request.malformed"),
        ("library-sizes", {"sizes": 5}, 400, "request.malformed"),
        ("library-sizes", {"sizes": [-1]}, 400, "request.malformed"),
        ("library-sizes", {"sizes": [True]}, 400, "request.malformed"),
        ("library-sizes", {"sizes": [2**63]}, 400, "request.malformed"),
        ("library-sizes", {"sizes": [1] * 501}, 413, "request.too_many"),
        ("unfinished", {"fingerprints": ["g" * 64]}, 400, "request.malformed"),
        ("unfinished", {"fingerprints": ["0" * 64] * 501}, 413, "request.too_many"),
        ("{batch}/manifest", {"after": "0"}, 400, "request.malformed"),
        ("{batch}/unsent", {"files": [5]}, 400, "request.malformed"),
        ("{batch}/unsent", {"files": [hashed() | {"relative_path": "a\0b"}]}, 400, "request.malformed"),
        ("{batch}/unsent", {"files": [hashed() | {"sha256": "0"}]}, 400, "request.malformed"),
        ("{batch}/unsent", {"files": [hashed("x" * 3_000_000)]}, 413, "request.too_large"),
    ],
)
def test_malformed_requests_are_refused_with_a_code(
    browser: Client, batch: UploadBatch, path: str, content: Any, status: int, code: str
) -> None:
    answer = post(browser, f"/batches/{path.format(batch=batch.id)}/", content)

    assert (answer[0], answer[1]["code"], bool(answer[1]["error"])) == (status, code, True)


@pytest.mark.parametrize("path", ["library-sizes", "unfinished", "1/manifest", "1/unsent"])
def test_requests_require_a_login_a_csrf_token_and_post(ada: User, path: str) -> None:
    anonymous, forged = Client(), Client(enforce_csrf_checks=True)
    forged.force_login(ada)

    assert anonymous.post(f"/batches/{path}/").status_code == 302
    assert forged.post(f"/batches/{path}/").status_code == 403
    forged.handler.enforce_csrf_checks = False
    assert forged.get(f"/batches/{path}/").status_code == 405


ADD_PICTURES = """
INSERT INTO uploads_upload (owner_id, key, sha256, filename, size, mime_type, kind, taken_source, camera, metadata,
                            previews, labels, description, created_at, updated_at)
SELECT %s, gen_random_uuid(), lpad(n::text, 64, '0'), 'a', 1000 + n, 'image/jpeg', 'image', '', '', '{}', '{}', '[]',
       '', now(), now()
  FROM generate_series(0, 4999) n
"""


def test_library_sizes_are_read_from_an_index(ada: User) -> None:
    truncate_tables()
    with connection.cursor() as cursor:
        cursor.execute(ADD_PICTURES, [ada.id])
        cursor.execute("ANALYZE uploads_upload")

    with CaptureQueriesContext(connection) as queries:
        assert library_sizes(owner_scope(ada), range(1000, 1500)) == list(range(1000, 1500))
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "upload_owner_size" in plan
    assert "Seq Scan" not in plan


def test_upload_page_of_a_batch_is_for_its_owner(browser: Client, ada: User, batch: UploadBatch) -> None:
    foreign = lifecycle.open_batch(make_user("bob").id, "Bob's")
    again = UploadBatch.objects.create(owner=ada, name="Again", kind="reanalysis")

    ids = [str(batch.id), str(foreign.id), str(again.id), "x", "9" * 18]
    answers = [browser.get(f"/batches/new/?batch={one}") for one in ids]

    assert [answer.status_code for answer in answers] == [200, 404, 404, 404, 404]
    assert f'data-batch-id="{batch.id}"' in answers[0].content.decode()
