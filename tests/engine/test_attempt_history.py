"""The history of an item's attempts is recorded and shown."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from batches.engine import claim, delete_batch, finish_item, recovery, release, retry
from batches.engine.in_flight import Claim
from batches.models import Attempt, UploadBatch
from tests.support.batches import make_batch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_grace")]
LOST_WORKER = 4711


def claim_next(batch: UploadBatch) -> Claim:
    claimed = claim.claim_item(batch.id, LOST_WORKER)
    assert claimed is not None
    return claimed


def history(batch: UploadBatch) -> list[tuple[str, str, str]]:
    return list(
        Attempt.objects.filter(item__batch=batch).order_by("id").values_list("end", "error_code", "error_message")
    )


def test_failure_is_recorded_at_a_retry(owner: User) -> None:
    batch = make_batch(owner, 2)
    began = timezone.now()
    finish_item.fail_item(claim_next(batch), "item.internal", "It broke.")

    retry.retry_failed(batch.id)

    assert history(batch) == [("failed", "item.internal", "It broke.")]
    attempt = Attempt.objects.get()
    assert attempt.started_at is not None
    assert began <= attempt.started_at <= attempt.ended_at <= timezone.now()


def test_lost_claim_is_recorded_with_its_worker(owner: User) -> None:
    batch = make_batch(owner, 1)
    claim_next(batch)

    recovery.recover_items()

    assert history(batch) == [("lost", "", "")]
    assert Attempt.objects.get().worker == LOST_WORKER


def test_released_item_has_no_history(owner: User) -> None:
    batch = make_batch(owner, 1)

    release.release_claims([claim_next(batch)])

    assert history(batch) == []


def test_history_is_deleted_with_its_batch(owner: User) -> None:
    batch = make_batch(owner, 2)
    finish_item.fail_item(claim_next(batch), "item.internal", "It broke.")
    retry.retry_failed(batch.id)

    delete_batch.begin_deletion(batch.id)
    while delete_batch.delete_chunk(batch.id)[0]:
        pass

    assert not Attempt.objects.exists()


def test_item_page_shows_earlier_attempts(owner: User, client: Client) -> None:
    batch = make_batch(owner, 1)
    finish_item.fail_item(claim_next(batch), "item.internal", "Words of the first attempt.")
    retry.retry_failed(batch.id)
    claim_next(batch)
    recovery.recover_items()
    client.force_login(owner)

    page = client.get(f"/batches/{batch.id}/files/{batch.items.get().id}/").content.decode()

    _before, _title, shown = page.partition("Earlier attempts")
    assert "The worker stopped while processing this file." in shown
    assert "An internal error occurred while processing this file." in shown
    assert '<span lang="en">Words of the first attempt.</span>' in shown
