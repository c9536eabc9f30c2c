"""Staff pause and resume batches, and have pictures described again."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from batches.engine import claim, finish, lifecycle
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import fill
from tests.support.users import make_staff, make_user

pytestmark = pytest.mark.django_db
BATCHES = "admin:batches_uploadbatch_changelist"


@pytest.fixture
def owner(db: None) -> User:
    """A person with batches."""
    return make_user("ada")


def described(owner: User, name: str = "Iceland") -> UploadBatch:
    """A completed batch of one described file."""
    batch = fill(owner, 1, name)
    taken = claim.claim_item(batch.id, 4711)
    assert taken is not None
    assert finish.complete_item(taken)
    lifecycle.seal_batch(batch.id)
    return batch


def act(client: Client, *batches: UploadBatch, action: str = "reanalyse") -> list[str]:
    """Choose an action for these batches; returns the messages that were left so far."""
    chosen = {"action": action, "_selected_action": [str(batch.id) for batch in batches], "index": "0"}
    response = client.post(reverse(BATCHES), chosen)
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_reanalysis_by_staff_writes_history_and_names_what_was_refused(client: Client, owner: User) -> None:
    client.force_login(make_staff("operator", "change_uploadbatch"))
    batch, busy = described(owner), fill(owner, 1, "Garden")

    words = act(client, batch, busy)

    assert words == [
        "Pictures of 1 batch are described again.",
        "Garden: “Garden” is not done yet. Wait for its end, then try again.",
    ]
    assert batch.reanalyses.get().owner == owner
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (str(batch.id), "Its pictures are described again.")


def test_second_reanalysis_by_staff_is_refused_and_not_in_the_history(client: Client, owner: User) -> None:
    client.force_login(make_staff("operator", "change_uploadbatch"))
    batch = described(owner)
    first = act(client, batch)

    second = act(client, batch)[len(first) :]

    assert [word.split(":")[0] for word in second] == ["Iceland"]
    assert "already being described again" in second[0]
    assert (batch.reanalyses.count(), LogEntry.objects.count()) == (1, 1)


def test_staff_who_may_only_look_have_nothing_described_again(client: Client, owner: User) -> None:
    client.force_login(make_staff("viewer", "view_uploadbatch"))
    batch = described(owner)

    page = client.get(reverse(BATCHES)).content.decode()
    act(client, batch)

    assert 'value="reanalyse"' not in page
    assert not batch.reanalyses.exists()


def test_list_and_page_of_the_admin_show_kind_and_source(client: Client, owner: User) -> None:
    client.force_login(make_staff("operator", "change_uploadbatch"))
    batch = described(owner)
    act(client, batch)
    again = batch.reanalyses.get()

    listed = client.get(reverse(BATCHES)).content.decode()
    page = client.get(reverse("admin:batches_uploadbatch_change", args=[again.id])).content.decode()

    assert '<td class="field-kind">Re-analysis</td>' in listed
    assert reverse("admin:batches_uploadbatch_change", args=[batch.id]) in page


def test_cancelling_is_offered_with_its_own_permission_alone(client: Client, owner: User) -> None:
    client.force_login(make_staff("operator", "change_uploadbatch"))
    batch = fill(owner, 1)
    chosen = {"action": "cancel", "_selected_action": str(batch.id), "confirmed": "yes", "index": "0"}

    page = client.get(reverse(BATCHES)).content.decode()
    client.post(reverse(BATCHES), chosen)

    assert 'value="cancel"' not in page
    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING


def test_pause_and_resume_by_staff_write_history_once(client: Client, owner: User) -> None:
    client.force_login(make_staff("operator", "change_uploadbatch"))
    batch, done = fill(owner, 1), described(owner, "Garden")

    act(client, batch, done, action="pause")
    act(client, batch, action="pause")
    batch.refresh_from_db()
    paused = batch.status
    words = act(client, batch, action="resume")

    batch.refresh_from_db()
    assert (paused, batch.status) == (BatchStatus.PAUSED, BatchStatus.PROCESSING)
    assert words == [
        "1 batch was paused.",
        "Garden: This import is finished; there is nothing to pause.",
        "Nothing to do for Iceland.",
        "1 batch goes on.",
    ]
    history = LogEntry.objects.order_by("id").values_list("object_id", "change_message")
    assert list(history) == [(str(batch.id), "Paused."), (str(batch.id), "Resumed.")]
