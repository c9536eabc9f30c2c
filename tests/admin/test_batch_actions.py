"""Operators' admin actions on batches and files. tests/access covers who may run them."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from batches import services
from batches.admin.actions import MAX_ROWS
from batches.engine import claim, finish_item, lifecycle
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.support.batches import assert_counters_match, make_batch
from tests.support.users import make_staff, make_user

pytestmark = pytest.mark.django_db
BATCHES = "admin:batches_uploadbatch_changelist"
ITEMS = "admin:batches_batchitem_changelist"


@pytest.fixture
def owner(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_staff("operator", "change_uploadbatch", "cancel_uploadbatch", "view_batchitem"))
    return client


def run(client: Client, name: str, action: str, *pks: int, **fields: str) -> Any:
    """Run an admin action on the rows `pks` of the list `name`."""
    selected = {"action": action, "_selected_action": list(map(str, pks)), "index": "0"}
    return client.post(reverse(name), selected | fields)


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def history() -> list[tuple[str | None, str]]:
    """Return the object id and the message of each admin log entry."""
    return list(LogEntry.objects.order_by("id").values_list("object_id", "change_message"))


def fail_one(batch: UploadBatch) -> BatchItem:
    """Claim the first pending file of a batch and fail it."""
    job = claim.claim_item(batch.id, 4711)
    assert job is not None
    assert finish_item.fail_item(job, "item.internal", "The program made a mistake on this file.")
    return BatchItem.objects.get(id=job.item_id)


def described(owner: User, name: str = "Iceland") -> UploadBatch:
    """Create a completed batch with one completed file."""
    batch = make_batch(owner, 1, name)
    job = claim.claim_item(batch.id, 4711)
    assert job is not None
    assert finish_item.complete_item(job)
    lifecycle.seal_batch(batch.id)
    return batch


def test_process_now_seals_and_prioritizes_a_batch(operator: Client, owner: User) -> None:
    batch = make_batch(owner, files=1)
    UploadBatch.objects.update(last_served=batch.created_at)

    response = run(operator, BATCHES, "process_now", batch.id)

    batch.refresh_from_db()
    assert batch.sealed_at is not None
    assert batch.last_served is None
    assert messages_of(response) == ["1 batch will be processed next."]
    assert history() == [(str(batch.id), "Prioritized, without waiting for missing files.")]
    assert LogEntry.objects.get().user.username == "operator"


def test_process_now_completes_an_empty_batch(operator: Client, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Empty")

    response = run(operator, BATCHES, "process_now", batch.id)

    batch.refresh_from_db()
    assert batch.status == BatchStatus.COMPLETED
    assert messages_of(response) == ["1 batch will be processed next."]


def test_pause_and_resume_are_logged_once(operator: Client, owner: User) -> None:
    batch, completed = make_batch(owner, 1), described(owner, "Garden")

    run(operator, BATCHES, "pause", batch.id, completed.id)
    run(operator, BATCHES, "pause", batch.id)
    batch.refresh_from_db()
    paused = batch.status
    response = run(operator, BATCHES, "resume", batch.id)

    batch.refresh_from_db()
    assert (paused, batch.status) == (BatchStatus.PAUSED, BatchStatus.PROCESSING)
    assert messages_of(response) == [
        "1 batch was paused.",
        "Garden: This import is already finished.",
        "Nothing to do for Iceland.",
        "1 batch was resumed.",
    ]
    assert history() == [(str(batch.id), "Paused."), (str(batch.id), "Resumed.")]


def test_cancel_asks_first(operator: Client, owner: User) -> None:
    batch = make_batch(owner, files=3)

    page = run(operator, BATCHES, "cancel", batch.id).content.decode()

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING
    assert "3 unfinished files will be cancelled." in page
    assert "<li>Iceland (ada, Processing)</li>" in page
    assert 'value="Yes, cancel"' in page
    assert f'name="_selected_action" value="{batch.id}"' in page


def test_confirmed_cancel_names_refused_batches(operator: Client, owner: User) -> None:
    batch, completed = make_batch(owner, files=3), described(owner, "Garden")

    response = run(operator, BATCHES, "cancel", batch.id, completed.id, confirmed="yes")

    batch.refresh_from_db()
    assert (batch.status, batch.cancelled) == (BatchStatus.CANCELLED, 3)
    assert messages_of(response) == [
        "1 batch was cancelled.",
        "Garden: This import is already finished.",
    ]
    assert history() == [(str(batch.id), "Cancelled.")]
    assert_counters_match(batch)


def test_cancel_of_all_pages_reaches_batches_on_other_pages(operator: Client, owner: User) -> None:
    shown, elsewhere = make_batch(owner, files=1), make_batch(owner, files=1)

    page = run(operator, BATCHES, "cancel", shown.id, select_across="1").content.decode()
    run(operator, BATCHES, "cancel", shown.id, confirmed="yes", select_across="1")

    assert 'name="select_across" value="1"' in page
    elsewhere.refresh_from_db()
    assert elsewhere.status == BatchStatus.CANCELLED


def test_cancel_of_a_cancelled_batch_is_not_logged(operator: Client, owner: User) -> None:
    batch = make_batch(owner, files=1)
    services.cancel_batch(services.owner_scope(owner), batch.id)

    response = run(operator, BATCHES, "cancel", batch.id, confirmed="yes")

    assert messages_of(response) == ["Nothing to do for Iceland."]
    assert not history()


def test_retry_failed_queues_the_files(operator: Client, owner: User) -> None:
    batch = make_batch(owner, files=2)
    item = fail_one(batch)

    response = run(operator, BATCHES, "retry_failed", batch.id)

    item.refresh_from_db()
    assert item.status == ItemStatus.PENDING
    assert messages_of(response) == ["Retrying failed files of 1 batch."]
    assert_counters_match(batch)


def test_retry_of_files_names_those_that_have_not_failed(operator: Client, owner: User) -> None:
    batch = make_batch(owner, files=2)
    failed = fail_one(batch)
    job = claim.claim_item(batch.id, 4711)
    assert job is not None
    finish_item.complete_item(job)

    retried, refused = messages_of(run(operator, ITEMS, "retry", failed.id, job.item_id))

    failed.refresh_from_db()
    assert failed.status == ItemStatus.PENDING
    assert retried == "Retrying 1 file."
    assert "IMG_0001.JPG" in refused
    assert "already described" in refused


def test_retry_of_too_many_files_is_refused(operator: Client, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Many")
    rows = [BatchItem(batch=batch, filename="a", fingerprint=f"{n:064}", size=1) for n in range(MAX_ROWS + 1)]
    BatchItem.objects.bulk_create(rows)

    (message,) = messages_of(run(operator, ITEMS, "retry", rows[0].pk, select_across="1"))

    assert message.startswith(f"Select at most {MAX_ROWS} rows.")


def test_reanalysis_belongs_to_the_owner_and_is_logged(operator: Client, owner: User) -> None:
    batch, running = described(owner), make_batch(owner, 1, "Garden")

    response = run(operator, BATCHES, "reanalyse", batch.id, running.id)

    assert messages_of(response) == [
        "Describing the pictures of 1 batch again.",
        "Garden: “Garden” isn't finished yet. Wait until it is, then try again.",
    ]
    assert batch.reanalyses.get().owner == owner
    assert history() == [(str(batch.id), "Started describing the pictures again.")]


def test_second_reanalysis_is_refused_and_not_logged(operator: Client, owner: User) -> None:
    batch = described(owner)
    run(operator, BATCHES, "reanalyse", batch.id)

    response = run(operator, BATCHES, "reanalyse", batch.id)

    assert messages_of(response)[-1].startswith("Iceland: ")
    assert (batch.reanalyses.count(), len(history())) == (1, 1)


def test_list_and_page_show_kind_and_source_of_a_reanalysis(operator: Client, owner: User) -> None:
    batch = described(owner)
    run(operator, BATCHES, "reanalyse", batch.id)

    listed = operator.get(reverse(BATCHES)).content.decode()
    reanalysis = batch.reanalyses.get()
    page = operator.get(reverse("admin:batches_uploadbatch_change", args=[reanalysis.id])).content.decode()

    assert '<td class="field-kind">New descriptions</td>' in listed
    assert reverse("admin:batches_uploadbatch_change", args=[batch.id]) in page


def test_message_names_some_rows_and_counts_the_others(operator: Client, owner: User) -> None:
    batches = [make_batch(owner, files=0, name=f"B{number}") for number in range(7)]
    for batch in batches:
        lifecycle.seal_batch(batch.id)

    response = run(operator, BATCHES, "process_now", *[batch.id for batch in batches])

    assert messages_of(response) == ["B6, B5, B4, B3, B2 and 2 more: This import is already finished."]
