"""The admin page "Problems", which shows all owners' failures."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.models import BatchItem
from batches.models.states import ItemStatus
from tests.support.async_requests import AsyncBrowser
from tests.support.batches import assert_counters_match, make_batch
from tests.support.failures import fail_stored, reject_file
from tests.support.users import make_staff, make_user

PAGE = "admin:batches_failures"


@pytest.fixture
def viewer(client: Client, db: None) -> Client:
    client.force_login(make_staff("viewer", "view_batchitem"))
    return client


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    client.force_login(make_staff("operator", "view_batchitem", "change_uploadbatch"))
    return client


def run_command(client: Client, command: str, code: str = "item.internal", **more: str) -> Any:
    """Send a command, as a button on the page does."""
    fields = {"command": command, "code": code, "until": timezone.now().isoformat()} | more
    return client.post(reverse(PAGE), fields)


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def open_failures() -> int:
    """Count the failed files that have not been dismissed."""
    return BatchItem.objects.filter(status=ItemStatus.FAILED, dismissed_at=None).count()


def test_page_shows_the_failures_of_all_owners(viewer: Client) -> None:
    fail_stored(make_batch(make_user("ada"), 1, "Iceland"))
    fail_stored(make_batch(make_user("bob"), 1, "Norway"))

    html = viewer.get(reverse(PAGE)).content.decode()

    assert "2 files" in html
    assert "Iceland" in html
    assert "Norway" in html
    assert "An internal error occurred while processing this file." in html
    assert 'value="retry"' not in html


def test_page_without_failures_says_so(viewer: Client) -> None:
    assert "No problems" in viewer.get(reverse(PAGE)).content.decode()


def test_retry_reaches_all_owners_and_is_logged_for_each_batch(operator: Client) -> None:
    batches = [make_batch(make_user(name), 1) for name in ("ada", "bob")]
    for batch in batches:
        fail_stored(batch)

    response = run_command(operator, "retry")

    assert messages_of(response) == ["Retrying 2 files."]
    assert open_failures() == 0
    entries = LogEntry.objects.values_list("object_id", "change_message", "user__username")
    assert set(entries) == {(str(batch.id), "Failed files retried: item.internal.", "operator") for batch in batches}
    for batch in batches:
        assert_counters_match(batch)


def test_retry_of_permanent_failures_is_refused_and_not_logged(operator: Client) -> None:
    fail_stored(make_batch(make_user("ada"), 1), "image.corrupt")

    response = run_command(operator, "retry", "image.corrupt")

    assert messages_of(response) == ["Retrying won't help. Follow the advice shown with each problem."]
    assert not LogEntry.objects.exists()


def test_dismiss_asks_first(operator: Client) -> None:
    fail_stored(make_batch(make_user("ada"), 1))

    response = run_command(operator, "dismiss")

    assert "disappear from their owners' lists" in response.content.decode()
    assert open_failures() == 1


def test_confirmed_dismiss_is_logged(operator: Client) -> None:
    batch = make_batch(make_user("ada"), 1)
    fail_stored(batch)

    run_command(operator, "dismiss", confirmed="yes")

    assert open_failures() == 0
    assert LogEntry.objects.get().change_message == "Failures dismissed: item.internal."
    assert_counters_match(batch)


def test_dismissal_can_be_undone_and_is_logged(operator: Client) -> None:
    fail_stored(make_batch(make_user("ada"), 1))
    page = operator.get(run_command(operator, "dismiss", confirmed="yes")["Location"])
    dismissal = page.context["dismissal"]
    assert 'value="restore"' in page.content.decode()

    response = run_command(operator, "restore", at=dismissal.at.isoformat())

    assert messages_of(response)[-1] == "1 file is back in the list."
    assert open_failures() == 1
    assert LogEntry.objects.first().change_message == "Dismissal undone: item.internal."  # type: ignore[union-attr]


def test_repeated_command_is_logged_once(operator: Client) -> None:
    fail_stored(make_batch(make_user("ada"), 1))
    run_command(operator, "retry")

    response = run_command(operator, "retry")

    assert messages_of(response)[-1] == "Nothing to retry: these files are already queued."
    assert LogEntry.objects.count() == 1


def test_form_without_a_valid_time_changes_nothing(operator: Client) -> None:
    fail_stored(make_batch(make_user("ada"), 1))

    response = run_command(operator, "retry", until="soon")

    assert messages_of(response) == ["The form was incomplete. Reload the page, then try again."]
    assert open_failures() == 1


@pytest.mark.django_db(transaction=True)
def test_csv_names_the_owners() -> None:
    reject_file(make_batch(make_user("ada"), 0), "a.txt")
    staff = make_staff("viewer", "view_batchitem")

    answer = async_to_sync(AsyncBrowser(staff).get)(reverse("admin:batches_failures_csv"))

    assert answer.status == 200
    heading, row = answer.body.decode("utf-8-sig").splitlines()
    assert heading.startswith('"Owner",')
    assert row.startswith('"ada",')


@pytest.mark.parametrize(
    "more", [{"command": "retry"}, {"command": "dismiss"}, {"command": "dismiss", "confirmed": "yes"}]
)
def test_code_with_nul_matches_no_file(operator: Client, more: dict[str, str]) -> None:
    fail_stored(make_batch(make_user("ada"), 1))

    answer = run_command(operator, code="item.internal\0", **more)

    assert answer.status_code < 400
    assert open_failures() == 1
