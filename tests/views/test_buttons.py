"""The URLs of buttons, requested by GET, without a session or from another site. tests/access covers permissions."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from batches.models import UploadBatch
from tests.support.batches import make_batch

pytestmark = pytest.mark.django_db
# These accept only POST; a GET request to batch-cancel or batch-finish shows a confirmation page.
BUTTONS = ["batch-pause", "batch-resume", "batch-retry", "batch-reanalyse"]


@pytest.fixture
def batch(anna: User) -> UploadBatch:
    """A running batch of two files."""
    return make_batch(anna, 2)


@pytest.mark.parametrize("name", BUTTONS)
def test_button_requested_by_get_redirects_to_its_page_and_changes_nothing(
    client: Client, anna: User, batch: UploadBatch, name: str
) -> None:
    client.force_login(anna)
    before = UploadBatch.objects.values().get(id=batch.id)
    url = reverse(name, args=[batch.id])

    response = client.get(url)

    assert (response.status_code, response["Location"]) == (302, reverse("batch-detail", args=[batch.id]))
    assert client.put(url).status_code == 405
    assert UploadBatch.objects.values().get(id=batch.id) == before


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("batch-pause", "batch-detail"),
        ("batch-cancel", "batch-cancel"),
        ("failures-retry", "failures"),
        ("failures-dismiss", "failures"),
        ("failures-restore", "failures"),
    ],
)
def test_button_pressed_after_the_session_expired_leads_through_sign_in_to_its_page(
    client: Client, anna: User, batch: UploadBatch, settings: Settings, name: str, page: str
) -> None:
    anna.set_password("correct horse battery")
    anna.save()
    ids = [batch.id] if name.startswith("batch") else []
    sign_in = client.post(reverse(name, args=ids))["Location"]

    form = {"username": "anna", "password": "correct horse battery"}
    response = client.post(sign_in, form, follow=True)

    assert (response.status_code, response.redirect_chain[-1][0]) == (200, reverse(page, args=ids))


@pytest.mark.parametrize("name", [*BUTTONS, "batch-cancel", "batch-finish"])
def test_button_pressed_on_another_site_is_refused(anna: User, batch: UploadBatch, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)

    assert client.post(reverse(name, args=[batch.id])).status_code == 403


def test_favicon_needs_no_account(client: Client) -> None:
    response = client.get("/favicon.ico")

    assert (response.status_code, response["Location"]) == (302, "/static/favicon.svg")
