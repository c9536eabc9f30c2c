"""The buttons on a batch's page run their commands for its owner."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine import claim, finish_item, incoming, lifecycle
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.support.batches import make_batch
from tests.support.html import compact


def fail_one(batch: UploadBatch) -> BatchItem:
    item = batch.items.order_by("-id")[0]
    BatchItem.objects.filter(id=item.id).update(
        status=ItemStatus.FAILED,
        queue_position=None,
        finished_at=timezone.now(),
        error_code="item.internal",
        error_message="The picture is incomplete.",
    )
    UploadBatch.objects.filter(id=batch.id).update(failed=1)
    return item


def detail(batch: UploadBatch) -> str:
    return reverse("batch-detail", args=[batch.id])


@pytest.mark.parametrize(
    ("button", "status"),
    [("batch-pause", BatchStatus.PAUSED), ("batch-cancel", BatchStatus.CANCELLED)],
)
def test_button_changes_the_status_and_redirects(page: Client, anna: User, button: str, status: BatchStatus) -> None:
    batch = make_batch(anna, 2)

    answer = page.post(reverse(button, args=[batch.id]), follow=True)

    assert answer.redirect_chain == [(detail(batch), 302)]
    batch.refresh_from_db()
    assert batch.status == status
    assert 'class="notice success"' in answer.content.decode()


def test_resume_button_resumes_the_batch(page: Client, anna: User) -> None:
    batch = make_batch(anna, 2)
    page.post(reverse("batch-pause", args=[batch.id]))

    page.post(reverse("batch-resume", args=[batch.id]))

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING


def test_finish_button_seals_the_batch(page: Client, anna: User) -> None:
    batch = make_batch(anna, 2)

    page.post(reverse("batch-finish", args=[batch.id]))

    batch.refresh_from_db()
    assert batch.sealed_at is not None


@pytest.mark.parametrize("one", [True, False])
def test_retry_button_queues_failed_files(page: Client, anna: User, one: bool) -> None:
    batch = make_batch(anna, 2)
    item = fail_one(batch)

    answer = page.post(reverse("batch-retry", args=[batch.id]), {"item": item.id} if one else {}, follow=True)

    item.refresh_from_db()
    assert item.status == ItemStatus.PENDING
    assert "Retrying 1 file." in answer.content.decode()


def test_refused_command_shows_a_message(page: Client, anna: User) -> None:
    batch = make_batch(anna, 1)
    page.post(reverse("batch-cancel", args=[batch.id]))

    answer = page.post(reverse("batch-pause", args=[batch.id]), follow=True)

    assert "This import was cancelled" in answer.content.decode()


def described(owner: User, files: int) -> UploadBatch:
    batch = make_batch(owner, files)
    while claimed := claim.claim_item(batch.id, 4711):
        finish_item.complete_item(claimed)
    lifecycle.seal_batch(batch.id)
    return batch


def test_reanalyse_button_redirects_to_the_reanalysis_which_names_its_source(page: Client, anna: User) -> None:
    batch = described(anna, 2)
    button = '<button type="submit" id="reanalyse-button" form="reanalyse">Describe again</button>'
    assert button in compact(page.get(detail(batch)).content.decode())

    answer = page.post(reverse("batch-reanalyse", args=[batch.id]), follow=True)

    again = batch.reanalyses.get()
    html = compact(answer.content.decode())
    assert answer.redirect_chain == [(detail(again), 302)]
    assert f'<a id="source" href="{detail(batch)}">Iceland</a>' in html
    assert "Describing the pictures again." in html
    assert button not in html


def test_finished_reanalysis_names_its_source_and_offers_another(page: Client, anna: User) -> None:
    batch = described(anna, 1)
    page.post(reverse("batch-reanalyse", args=[batch.id]))
    again = batch.reanalyses.get()
    while claimed := claim.claim_item(again.id, 4711):
        finish_item.complete_item(claimed)

    html = compact(page.get(detail(again)).content.decode())

    assert f'New descriptions for <a id="source" href="{detail(batch)}">' in html
    assert "stays until" not in html
    assert "Describe again" in html


def test_source_links_to_its_running_reanalysis(page: Client, anna: User) -> None:
    batch = described(anna, 1)
    page.post(reverse("batch-reanalyse", args=[batch.id]))
    again = batch.reanalyses.get()

    html = compact(page.get(detail(batch)).content.decode())
    refused = page.post(reverse("batch-reanalyse", args=[batch.id]), follow=True)

    assert f'href="{detail(again)}">Being described again</a>' in html
    assert "Describe again" not in html
    assert refused.redirect_chain == [(detail(batch), 302)]
    assert "already being described again" in refused.content.decode()


def test_batch_without_stored_files_offers_no_reanalysis(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.id, "Texts")
    item, _ = incoming.register_item(batch.id, incoming.NewFile("a.txt", "a.txt", "a" * 64, 1))
    incoming.reject_item(item.id, "file.unsupported", "It is a text.")
    lifecycle.seal_batch(batch.id)

    html = compact(page.get(detail(batch)).content.decode())
    answer = page.post(reverse("batch-reanalyse", args=[batch.id]), follow=True)

    assert "Describe again" not in html
    assert "“Texts” has no described pictures in your library." in answer.content.decode()


def test_list_and_picture_distinguish_reanalysis_and_import(page: Client, anna: User) -> None:
    batch = described(anna, 1)
    upload = batch.items.get().upload
    assert upload is not None
    before = page.get(reverse("batch-list")).content.decode()

    page.post(reverse("batch-reanalyse", args=[batch.id]))

    assert "New descriptions" not in before
    assert page.get(reverse("batch-list")).content.decode().count("New descriptions ·") == 1
    picture = page.get(reverse("upload-detail", args=[upload.id])).content.decode()
    assert detail(batch) in picture
    assert detail(batch.reanalyses.get()) not in picture
