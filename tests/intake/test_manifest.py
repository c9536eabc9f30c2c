"""The manifest lists an import's files and their states. Unfinished imports are found by their files."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.engine import lifecycle
from batches.engine.cancel import cancel_batch
from batches.engine.expiry import finish_without_missing
from batches.intake.file_name import fingerprint
from batches.models import UploadBatch
from tests.intake.preflight_requests import PICTURE, post
from tests.intake.tus_client import TusClient
from tests.support.users import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_manifest_lists_received_files_in_pages(
    browser: Client, batch: UploadBatch, tus: TusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.intake.manifest.PAGE_ITEMS", 2)
    tus.send(batch.id, "whole.jpg", PICTURE)
    started = tus.create(batch.id, "started.jpg", len(PICTURE))
    tus.patch(started.headers["location"], 0, PICTURE[:100])
    tus.send(batch.id, "notes.txt", b"milk, eggs")

    first = post(browser, f"/batches/{batch.id}/manifest/", {"after": 0})[1]
    second = post(browser, f"/batches/{batch.id}/manifest/", {"after": first["next"]})[1]

    size = len(PICTURE)
    assert first["items"] == [
        [fingerprint("whole.jpg", size, "1000"), size, size, "received"],
        [fingerprint("started.jpg", size, "1000"), size, 100, "missing"],
    ]
    assert second == {"items": [[fingerprint("notes.txt", 10, "1000"), 10, 0, "refused"]], "next": None}


def test_unfinished_batches_are_found_by_their_files(browser: Client, ada: User, tus: TusClient) -> None:
    mine = lifecycle.open_batch(ada.id, "Iceland", expected_items=3)
    tus.send(mine.id, "whole.jpg", PICTURE)
    tus.create(mine.id, "started.jpg", 5000)
    prints = [fingerprint("whole.jpg", len(PICTURE), "1000"), "0" * 64]

    status, content = post(browser, "/batches/unfinished/", {"fingerprints": prints})

    one = {"id": mine.id, "name": "Iceland", "url": f"/batches/{mine.id}/", "received": 1, "expected": 3}
    assert (status, content) == (200, {"batches": [one]})
    assert post(browser, "/batches/unfinished/", {"fingerprints": ["1" * 64]}) == (200, {"batches": []})


def test_abandoned_batch_is_unfinished_and_a_complete_or_cancelled_one_is_not(
    browser: Client, ada: User, tus: TusClient
) -> None:
    abandoned, complete, cancelled = (lifecycle.open_batch(ada.id, name, expected_items=1) for name in ("a", "b", "c"))
    tus.create(abandoned.id, "a.jpg", len(PICTURE))
    for batch in (complete, cancelled):
        tus.send(batch.id, "a.jpg", PICTURE)
    finish_without_missing(abandoned.id)
    lifecycle.seal_batch(complete.id)
    cancel_batch(cancelled.id)

    prints = {"fingerprints": [fingerprint("a.jpg", len(PICTURE), "1000")]}
    found = post(browser, "/batches/unfinished/", prints)[1]["batches"]

    assert [(one["id"], one["received"], one["expected"]) for one in found] == [(abandoned.id, 0, 1)]


def test_batches_of_others_are_never_offered(browser: Client, tus: TusClient) -> None:
    bob = make_user("bob")
    theirs = lifecycle.open_batch(bob.id, "Bob's", expected_items=2)
    TusClient(bob).send(theirs.id, "a.jpg", PICTURE)

    prints = {"fingerprints": [fingerprint("a.jpg", len(PICTURE), "1000")]}

    assert post(browser, "/batches/unfinished/", prints) == (200, {"batches": []})
