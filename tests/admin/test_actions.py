"""What staff command in the admin, and what is refused to whom."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from batches import services
from batches.admin.commands import MOST_ROWS
from batches.engine import claim, finish, lifecycle
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.support.batches import assert_counters_true, fill
from tests.support.users import make_staff, make_user

pytestmark = pytest.mark.django_db
BATCHES = "admin:batches_uploadbatch_changelist"
ITEMS = "admin:batches_batchitem_changelist"


@pytest.fixture
def owner(db: None) -> User:
    """A person with batches."""
    return make_user("ada")


@pytest.fixture
def operator(client: Client) -> Client:
    """Staff who may command batches."""
    client.force_login(make_staff("operator", "change_uploadbatch", "cancel_uploadbatch", "view_batchitem"))
    return client


def act(client: Client, name: str, action: str, *pks: int, **more: str) -> Any:
    """Choose an action for the selected rows."""
    return client.post(reverse(name), {"action": action, "_selected_action": list(map(str, pks)), **more})


def told(response: Any) -> list[str]:
    """The messages that the action left."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def fail_one(batch: UploadBatch) -> BatchItem:
    """Let the first waiting file of the batch fail for good."""
    taken = claim.claim_item(batch.id, 4711)
    assert taken is not None
    assert finish.fail_item(taken, "item.internal", "An internal error occurred while processing this file.")
    return BatchItem.objects.get(id=taken.item_id)


def test_process_now_seals_serves_next_and_writes_history(operator: Client, owner: User) -> None:
    batch = fill(owner, files=1)
    UploadBatch.objects.update(last_served=batch.created_at)

    response = act(operator, BATCHES, "process_now", batch.id, index="0")

    batch.refresh_from_db()
    assert batch.sealed_at is not None
    assert batch.last_served is None
    assert told(response) == ["1 batch is served next."]
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message, entry.user.username) == (str(batch.id), "Processed now.", "operator")


def test_cancel_asks_first_and_says_what_is_dropped(operator: Client, owner: User) -> None:
    batch = fill(owner, files=3)

    response = act(operator, BATCHES, "cancel", batch.id, index="0")

    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING
    assert "3 files that are not done yet will be dropped." in response.content.decode()
    assert "<li>Iceland (ada, Processing)</li>" in response.content.decode()
    assert 'value="Yes, cancel them"' in response.content.decode()
    assert f'name="_selected_action" value="{batch.id}"' in response.content.decode()


def test_cancel_when_confirmed_cancels_and_names_what_was_refused(operator: Client, owner: User) -> None:
    batch, done = fill(owner, files=3), lifecycle.open_batch(owner.id, "Empty")
    lifecycle.seal_batch(done.id)

    response = act(operator, BATCHES, "cancel", batch.id, done.id, confirmed="yes")

    batch.refresh_from_db()
    assert (batch.status, batch.cancelled) == (BatchStatus.CANCELLED, 3)
    assert told(response) == [
        "1 batch was cancelled.",
        "Empty: This import is finished; there is nothing to cancel.",
    ]
    assert LogEntry.objects.get().object_id == str(batch.id)
    assert_counters_true(batch)


def test_cancel_of_all_pages_reaches_batches_that_are_not_on_this_one(operator: Client, owner: User) -> None:
    shown, elsewhere = fill(owner, files=1), fill(owner, files=1)

    page = act(operator, BATCHES, "cancel", shown.id, index="0", select_across="1").content.decode()
    act(operator, BATCHES, "cancel", shown.id, confirmed="yes", select_across="1")

    assert 'name="select_across" value="1"' in page
    elsewhere.refresh_from_db()
    assert elsewhere.status == BatchStatus.CANCELLED


def test_cancel_of_a_cancelled_batch_has_nothing_to_do(operator: Client, owner: User) -> None:
    batch = fill(owner, files=1)
    services.cancel_batch(services.owner_scope(owner), batch.id)

    response = act(operator, BATCHES, "cancel", batch.id, confirmed="yes")

    assert told(response) == ["Nothing to do for Iceland."]
    assert not LogEntry.objects.exists()


def test_retry_failed_queues_the_files_again(operator: Client, owner: User) -> None:
    batch = fill(owner, files=2)
    item = fail_one(batch)

    response = act(operator, BATCHES, "retry_failed", batch.id, index="0")

    item.refresh_from_db()
    assert item.status == ItemStatus.PENDING
    assert told(response) == ["Failed files of 1 batch wait again."]
    assert_counters_true(batch)


def test_retry_of_chosen_files_names_those_that_have_not_failed(operator: Client, owner: User) -> None:
    batch = fill(owner, files=2)
    failed = fail_one(batch)
    taken = claim.claim_item(batch.id, 4711)
    assert taken is not None
    finish.complete_item(taken)

    response = act(operator, ITEMS, "retry", failed.id, taken.item_id, index="0")

    failed.refresh_from_db()
    assert failed.status == ItemStatus.PENDING
    words = told(response)
    assert words[0] == "1 file waits again."
    assert "IMG_0001.JPG" in words[1]
    assert "described already" in words[1]


def test_retry_of_very_many_files_is_refused(operator: Client, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Many")
    rows = [BatchItem(batch=batch, filename="a", fingerprint=f"{n:064}", size=1) for n in range(MOST_ROWS + 1)]
    BatchItem.objects.bulk_create(rows)

    response = act(operator, ITEMS, "retry", rows[0].pk, index="0", select_across="1")

    assert told(response) == [
        f"Choose at most {MOST_ROWS} rows; many files are commanded by their batch, or by their cause.",
    ]


@pytest.mark.parametrize("action", ["process_now", "pause", "resume", "retry_failed", "cancel"])
def test_staff_who_may_only_look_command_nothing(client: Client, owner: User, action: str) -> None:
    batch = fill(owner, files=2)
    fail_one(batch)
    client.force_login(make_staff("viewer", "view_uploadbatch"))

    page = client.get(reverse(BATCHES)).content.decode()
    act(client, BATCHES, action, batch.id, index="0", confirmed="yes")

    assert f'value="{action}"' not in page
    batch.refresh_from_db()
    assert (batch.status, batch.sealed_at, batch.failed) == (BatchStatus.PROCESSING, None, 1)


@pytest.mark.parametrize("action", ["process_now", "pause", "resume", "retry_failed", "cancel", "reanalyse"])
def test_people_of_the_pages_reach_no_action(client: Client, owner: User, action: str) -> None:
    batch = fill(owner, files=1)
    client.force_login(owner)

    response = act(client, BATCHES, action, batch.id, index="0", confirmed="yes")

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))
    batch.refresh_from_db()
    assert (batch.status, batch.sealed_at) == (BatchStatus.PROCESSING, None)


def test_message_names_a_few_and_counts_the_rest(operator: Client, owner: User) -> None:
    batches = [fill(owner, files=0, name=f"B{number}") for number in range(7)]
    for batch in batches:
        lifecycle.seal_batch(batch.id)

    response = act(operator, BATCHES, "process_now", *[batch.id for batch in batches], index="0")

    assert told(response) == ["B6, B5, B4, B3, B2 and 2 more: This import is finished already."]
