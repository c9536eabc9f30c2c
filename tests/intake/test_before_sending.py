"""What the page asks before it sends: its own batches and uploads alone, bounded, in words."""

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
from batches.engine.expiry import finish_without_missing
from batches.intake.deduplication import known_sizes
from batches.intake.file_name import FileName, fingerprint
from batches.intake.receive import receive_file
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads.models import MediaKind, Upload
from uploads.storage import original_name

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = encoded(textured(32, 24), "JPEG")
SHA256 = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def browser(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def ask(client: Client, path: str, content: object) -> tuple[int, Any]:
    answer = client.post(path, content, content_type="application/json")
    return answer.status_code, answer.json()


def hashed(path: str = "Iceland/a.jpg", sha256: str = SHA256, size: int = len(PICTURE)) -> dict[str, object]:
    filename = path.rpartition("/")[2]
    name = {"relative_path": path, "filename": filename, "size": size, "last_modified": "1000"}
    return name | {"sha256": sha256}


def keep_picture(owner: User, *, processed: bool = True) -> Upload:
    """Let the owner have PICTURE from an earlier batch."""
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


def test_known_sizes_are_those_of_my_own_files(browser: Client, ada: User) -> None:
    keep_picture(ada)
    keep_picture(make_user("bob"))
    Upload.objects.exclude(owner=ada).update(size=77)

    answer = ask(browser, "/batches/known-sizes/", {"sizes": [len(PICTURE), 77, 78]})

    assert answer == (200, {"sizes": [len(PICTURE)]})


def test_file_that_i_have_is_completed_without_its_bytes(browser: Client, ada: User, batch: UploadBatch) -> None:
    upload = keep_picture(ada)

    answer = ask(browser, f"/batches/{batch.id}/known/", {"files": [hashed(), hashed("Iceland/b.jpg", "0" * 64)]})

    assert states(answer) == ["known", "unknown"]
    item = batch.items.get()
    assert (item.status, item.duplicate, item.upload_id) == ("completed", True, upload.id)
    assert item.fingerprint == fingerprint("Iceland/a.jpg", len(PICTURE), "1000")
    assert_counters_true(batch)


def test_file_that_was_never_worked_on_to_its_end_is_queued(browser: Client, ada: User, batch: UploadBatch) -> None:
    keep_picture(ada, processed=False)

    answer = ask(browser, f"/batches/{batch.id}/known/", {"files": [hashed()]})

    assert states(answer) == ["queued"]
    assert batch.items.get().status == "pending"
    assert_counters_true(batch)


def test_asking_twice_counts_once(browser: Client, ada: User, batch: UploadBatch) -> None:
    keep_picture(ada)

    answers = [ask(browser, f"/batches/{batch.id}/known/", {"files": [hashed()]}) for _ in range(2)]

    assert [states(answer) for answer in answers] == [["known"], ["known"]]
    batch.refresh_from_db()
    assert (batch.total, batch.successful) == (1, 1)


def test_what_another_person_has_is_not_told_nor_asked_for(browser: Client, batch: UploadBatch) -> None:
    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            answer = ask(browser, f"/batches/{batch.id}/known/", {"files": [hashed()]})
        assert states(answer) == ["unknown"]
        return [query["sql"].partition(" WHERE ")[0] for query in queries]

    before = asked()
    keep_picture(make_user("bob"))

    assert asked() == before
    assert ask(browser, "/batches/known-sizes/", {"sizes": [len(PICTURE)]}) == (200, {"sizes": []})
    assert not batch.items.exists()


def test_file_whose_original_is_lost_is_sent_again(browser: Client, ada: User, batch: UploadBatch) -> None:
    default_storage.delete(original_name(keep_picture(ada).key))

    assert states(ask(browser, f"/batches/{batch.id}/known/", {"files": [hashed()]})) == ["unknown"]


def test_cancelled_and_foreign_batches_take_nothing(browser: Client, ada: User, batch: UploadBatch) -> None:
    keep_picture(ada)
    foreign = lifecycle.open_batch(make_user("bob").id, "Bob's")
    cancel_batch(batch.id)

    for batch_id in (batch.id, foreign.id, 10**15):
        for path, content in (("known", {"files": [hashed()]}), ("manifest", {"after": 0})):
            status, words = ask(browser, f"/batches/{batch_id}/{path}/", content)
            assert (status, words["code"]) == (404, "batch.unknown")


def test_manifest_tells_in_pages_what_is_here(
    browser: Client, batch: UploadBatch, tus: TusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.intake.manifest.PAGE_ITEMS", 2)
    tus.send(batch.id, "whole.jpg", PICTURE)
    begun = tus.create(batch.id, "begun.jpg", len(PICTURE))
    tus.patch(begun.headers["location"], 0, PICTURE[:100])
    tus.send(batch.id, "notes.txt", b"milk, eggs")

    first = ask(browser, f"/batches/{batch.id}/manifest/", {"after": 0})[1]
    second = ask(browser, f"/batches/{batch.id}/manifest/", {"after": first["next"]})[1]

    size = len(PICTURE)
    assert first["items"] == [
        [fingerprint("whole.jpg", size, "1000"), size, size, "here"],
        [fingerprint("begun.jpg", size, "1000"), size, 100, "missing"],
    ]
    assert second == {"items": [[fingerprint("notes.txt", 10, "1000"), 10, 0, "refused"]], "next": None}


def test_unfinished_batches_are_found_by_their_files(browser: Client, ada: User, tus: TusClient) -> None:
    mine = lifecycle.open_batch(ada.id, "Iceland", expected_items=3)
    tus.send(mine.id, "whole.jpg", PICTURE)
    tus.create(mine.id, "begun.jpg", 5000)
    prints = [fingerprint("whole.jpg", len(PICTURE), "1000"), "0" * 64]

    status, content = ask(browser, "/batches/unfinished/", {"fingerprints": prints})

    one = {"id": mine.id, "name": "Iceland", "url": f"/batches/{mine.id}/", "here": 1, "whole": 3}
    assert (status, content) == (200, {"batches": [one]})
    assert ask(browser, "/batches/unfinished/", {"fingerprints": ["1" * 64]}) == (200, {"batches": []})


def test_given_up_batch_is_unfinished_and_a_whole_or_cancelled_one_is_not(
    browser: Client, ada: User, tus: TusClient
) -> None:
    given_up, whole, cancelled = (lifecycle.open_batch(ada.id, name, expected_items=1) for name in ("a", "b", "c"))
    tus.create(given_up.id, "a.jpg", len(PICTURE))
    for batch in (whole, cancelled):
        tus.send(batch.id, "a.jpg", PICTURE)
    finish_without_missing(given_up.id)
    lifecycle.seal_batch(whole.id)
    cancel_batch(cancelled.id)

    prints = {"fingerprints": [fingerprint("a.jpg", len(PICTURE), "1000")]}
    found = ask(browser, "/batches/unfinished/", prints)[1]["batches"]

    assert [(one["id"], one["here"], one["whole"]) for one in found] == [(given_up.id, 0, 1)]


def test_batches_of_others_are_never_offered(browser: Client, tus: TusClient) -> None:
    bob = make_user("bob")
    theirs = lifecycle.open_batch(bob.id, "Bob's", expected_items=2)
    TusClient(bob).send(theirs.id, "a.jpg", PICTURE)

    prints = {"fingerprints": [fingerprint("a.jpg", len(PICTURE), "1000")]}

    assert ask(browser, "/batches/unfinished/", prints) == (200, {"batches": []})


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("known-sizes", "{", 400, "request.malformed"),
        ("known-sizes", [], 400, "request.malformed"),
        ("known-sizes", {"sizes": 5}, 400, "request.malformed"),
        ("known-sizes", {"sizes": [-1]}, 400, "request.malformed"),
        ("known-sizes", {"sizes": [True]}, 400, "request.malformed"),
        ("known-sizes", {"sizes": [2**63]}, 400, "request.malformed"),
        ("known-sizes", {"sizes": [1] * 501}, 413, "request.too_many"),
        ("unfinished", {"fingerprints": ["g" * 64]}, 400, "request.malformed"),
        ("unfinished", {"fingerprints": ["0" * 64] * 501}, 413, "request.too_many"),
        ("{batch}/manifest", {"after": "0"}, 400, "request.malformed"),
        ("{batch}/known", {"files": [5]}, 400, "request.malformed"),
        ("{batch}/known", {"files": [hashed() | {"relative_path": "a\0b"}]}, 400, "request.malformed"),
        ("{batch}/known", {"files": [hashed() | {"sha256": "0"}]}, 400, "request.malformed"),
        ("{batch}/known", {"files": [hashed("x" * 3_000_000)]}, 413, "request.too_large"),
    ],
)
def test_malformed_questions_are_refused_with_a_code(
    browser: Client, batch: UploadBatch, path: str, content: Any, status: int, code: str
) -> None:
    answer = ask(browser, f"/batches/{path.format(batch=batch.id)}/", content)

    assert (answer[0], answer[1]["code"], bool(answer[1]["error"])) == (status, code, True)


@pytest.mark.parametrize("path", ["known-sizes", "unfinished", "1/manifest", "1/known"])
def test_doors_want_a_person_a_token_and_a_post(ada: User, path: str) -> None:
    nobody, forged = Client(), Client(enforce_csrf_checks=True)
    forged.force_login(ada)

    assert nobody.post(f"/batches/{path}/").status_code == 302
    assert forged.post(f"/batches/{path}/").status_code == 403
    forged.handler.enforce_csrf_checks = False
    assert forged.get(f"/batches/{path}/").status_code == 405


def test_sizes_are_looked_up_in_an_index(ada: User) -> None:
    rows = [
        Upload(owner=ada, sha256=f"{n:064}", filename="a", size=1000 + n, mime_type="image/jpeg", kind=MediaKind.IMAGE)
        for n in range(5000)
    ]
    Upload.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE uploads_upload")

    with CaptureQueriesContext(connection) as queries:
        assert known_sizes(ada.id, range(1000, 1500)) == list(range(1000, 1500))
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "upload_owner_size" in plan
    assert "Seq Scan" not in plan


def test_page_for_a_batch_is_for_its_owner(browser: Client, ada: User, batch: UploadBatch) -> None:
    foreign = lifecycle.open_batch(make_user("bob").id, "Bob's")
    again = UploadBatch.objects.create(owner=ada, name="Again", kind="reanalysis")

    wished = [str(batch.id), str(foreign.id), str(again.id), "x", "9" * 18]
    answers = [browser.get(f"/batches/new/?batch={one}") for one in wished]

    assert [answer.status_code for answer in answers] == [200, 404, 404, 404, 404]
    assert f'data-batch-id="{batch.id}"' in answers[0].content.decode()
