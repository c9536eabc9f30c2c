"""A page asks for confirmation before an import is finished without its missing files.

Afterwards, the import's page shows how many are missing.
"""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from batches.engine import incoming, lifecycle, pause
from batches.engine.announce import announce_items
from batches.models import UploadBatch
from tests.support.batches import assert_counters_match, digest, make_upload
from tests.support.html import compact

FILES = [incoming.NewFile(f"{n:02}.jpg", f"Iceland/{n:02}.jpg", digest(n), 10) for n in range(14)]


@pytest.fixture
def batch(anna: User) -> UploadBatch:
    """A batch of 14 announced files, the first six of which have completed as duplicates."""
    batch = lifecycle.open_batch(anna.id, "Iceland", expected_items=14)
    announce_items(batch.id, FILES, lambda ids, total: None)
    for number, file in enumerate(FILES[:6]):
        item, _ = incoming.register_item(batch.id, file)
        incoming.complete_duplicate(item.id, make_upload(anna, number).id)
    return batch


def html(client: Client, path: str) -> str:
    return compact(client.get(path).content.decode())


def test_finish_page_asks_for_confirmation_and_changes_nothing(page: Client, batch: UploadBatch) -> None:
    asked = html(page, reverse("batch-finish", args=[batch.id]))

    assert "6 of 14 files arrived; 8 files are missing." in asked
    assert f'href="/batches/new/?batch={batch.id}">Add missing files' in asked
    batch.refresh_from_db()
    assert batch.sealed_at is None


def test_finished_import_shows_the_number_of_missing_files(page: Client, batch: UploadBatch) -> None:
    page.post(reverse("batch-finish", args=[batch.id]))

    shown = html(page, f"/batches/{batch.id}/")
    listed = html(page, f"/batches/{batch.id}/?show=missing")
    overview = html(page, "/batches/")

    assert_counters_match(batch)
    assert batch.status == "completed"
    assert "6 of 14 files arrived; 8 are missing." in shown
    assert "of 14 files · 42%" in shown
    assert "100%" not in shown
    assert f'primary" href="/batches/new/?batch={batch.id}">Add missing files' in shown
    assert [name in listed for name in ("Iceland/05.jpg", "Iceland/06.jpg", "Iceland/13.jpg")] == [False, True, True]
    assert "6 of 14 files arrived; 8 are missing." in overview


def test_finish_page_of_a_finished_import_leads_back_to_it(page: Client, batch: UploadBatch) -> None:
    url = reverse("batch-finish", args=[batch.id])
    page.post(url)

    assert page.get(url)["Location"] == reverse("batch-detail", args=[batch.id])


def test_paused_import_is_not_offered_to_be_finished(page: Client, batch: UploadBatch) -> None:
    url = reverse("batch-finish", args=[batch.id])
    offered = html(page, f"/batches/{batch.id}/")
    pause.pause_batch(batch.id)

    shown = html(page, f"/batches/{batch.id}/")

    assert [f'href="{url}"' in each for each in (offered, shown)] == [True, False]
    assert page.get(url)["Location"] == reverse("batch-detail", args=[batch.id])
