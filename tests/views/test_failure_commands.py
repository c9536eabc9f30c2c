"""The buttons of the Problems page."""

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches import services
from batches.models import BatchItem
from batches.models.states import ItemStatus
from tests.support.batches import make_batch
from tests.support.failures import fail_stored, reject_file
from tests.support.html import compact
from tests.support.users import make_user
from tests.views.failure_pages import shown

pytestmark = pytest.mark.django_db


def form_of(html: str, name: str) -> dict[str, str]:
    """Return the hidden fields that a browser sends for the first form that posts to the URL called `name`."""
    form = html.split(f'action="{reverse(name)}"')[1].split("</form>")[0]
    return dict(re.findall(r'name="(code|until|at)" value="([^"]*)"', form))


def messages_of(response: object) -> list[str]:
    """Return the messages that a command shows to the user."""
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


def test_retry_button_counts_and_queues_the_files(page: Client, anna: User) -> None:
    batch = make_batch(anna, 2)
    fail_stored(batch)
    fail_stored(batch)
    html = shown(page)
    assert "Retry 2 files" in html

    response = page.post(reverse("failures-retry"), form_of(html, "failures-retry"))

    assert response.status_code == 302
    assert messages_of(response) == ["Retrying 2 files."]
    assert not batch.items.filter(status=ItemStatus.FAILED).exists()
    assert "No problems" in shown(page)


def test_dismiss_button_hides_the_failures(page: Client, anna: User) -> None:
    reject_file(make_batch(anna, 0), "a.txt")

    response = page.post(reverse("failures-dismiss"), form_of(shown(page), "failures-dismiss"), follow=True)

    html = compact(response.content.decode())
    assert "1 file was dismissed. It is still listed in its import." in html
    assert "No problems" in html


def test_dismissal_can_be_undone(page: Client, anna: User) -> None:
    reject_file(make_batch(anna, 0), "a.txt")
    dismissed = page.post(reverse("failures-dismiss"), form_of(shown(page), "failures-dismiss"), follow=True)
    form = form_of(compact(dismissed.content.decode()), "failures-restore")

    response = page.post(reverse("failures-restore"), form)

    assert messages_of(response) == ["1 file is back in the list."]
    assert "a.txt" in shown(page)
    # Once the dismissal is undone, the page that was shown after the dismissal no longer offers to undo it.
    assert reverse("failures-restore") not in page.get(dismissed.redirect_chain[-1][0]).content.decode()


def test_dismissal_of_another_user_is_not_offered(page: Client) -> None:
    ben = make_user("ben")
    fail_stored(make_batch(ben, 1))
    done = services.dismiss_code(services.owner_scope(ben), "item.internal", timezone.now())

    html = page.get(reverse("failures"), {"code": "item.internal", "at": str(done.at)}).content.decode()

    assert reverse("failures-restore") not in html


@pytest.mark.parametrize("until", ["", "yesterday", "2026-13-41T00:00:00Z", "2026-01-01T00:00:00"])
def test_form_without_a_valid_time_is_refused(page: Client, anna: User, until: str) -> None:
    fail_stored(make_batch(anna, 1))

    response = page.post(reverse("failures-retry"), {"code": "item.internal", "until": until})

    assert messages_of(response) == ["The form was incomplete. Reload the page, then try again."]
    assert BatchItem.objects.filter(status=ItemStatus.FAILED).count() == 1


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
@pytest.mark.parametrize("name", ["failures-retry", "failures-dismiss"])
def test_time_that_the_database_cannot_store_is_a_bad_request(page: Client, anna: User, name: str, until: str) -> None:
    fail_stored(make_batch(anna, 1))

    response = page.post(reverse(name), {"code": "item.internal", "until": until})

    assert response.status_code == 400


def test_time_with_an_offset_that_the_database_does_not_know_is_converted(page: Client, anna: User) -> None:
    fail_stored(make_batch(anna, 1))

    response = page.post(reverse("failures-retry"), {"code": "item.internal", "until": "2100-01-01T00:00:00+23:59"})

    assert messages_of(response) == ["Retrying 1 file."]


@pytest.mark.parametrize("name", ["failures-retry", "failures-dismiss", "failures-restore"])
def test_failure_commands_require_a_csrf_token(anna: User, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)

    assert client.get(reverse(name))["Location"] == reverse("failures")
    assert client.post(reverse(name)).status_code == 403
