"""No door shows or changes what is not the caller's."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import fill
from tests.support.users import make_user
from uploads.models import Upload

PLAIN = ["home", "batch-list", "upload-list", "failures", "failures-csv", "password-change"]
PAGES = [*PLAIN, "batch-detail", "upload-detail", "upload-preview", "upload-original"]
FOREIGN_PAGES = ["batch-detail", "upload-detail", "upload-preview", "upload-original"]
BUTTONS = ["batch-pause", "batch-resume", "batch-cancel", "batch-finish", "batch-retry", "batch-reanalyse"]


@pytest.fixture
def batch(transactional_db: None) -> UploadBatch:
    batch = fill(make_user("anna"), 2)
    Upload.objects.update(previews={"320": "previews/there.jpg"})
    return batch


@pytest.fixture
def upload(batch: UploadBatch) -> Upload:
    return Upload.objects.order_by("id")[0]


def address(name: str, batch: UploadBatch, upload: Upload) -> str:
    if name == "upload-preview":
        return reverse(name, args=[upload.id, 320])
    if name in {"upload-detail", "upload-original"}:
        return reverse(name, args=[upload.id])
    return reverse(name) if name in PLAIN else reverse(name, args=[batch.id])


@pytest.mark.parametrize("name", [*PAGES, *BUTTONS])
def test_page_asks_a_stranger_to_sign_in(client: Client, batch: UploadBatch, upload: Upload, name: str) -> None:
    path = address(name, batch, upload)

    answer = client.post(path) if name in BUTTONS else client.get(path)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("login"))
    batch.refresh_from_db()
    assert batch.status == BatchStatus.PROCESSING


@pytest.mark.parametrize("name", FOREIGN_PAGES)
def test_page_of_another_account_is_not_there(client: Client, batch: UploadBatch, upload: Upload, name: str) -> None:
    client.force_login(make_user("ben"))

    assert client.get(address(name, batch, upload)).status_code == 404


@pytest.mark.parametrize("name", BUTTONS)
def test_button_of_another_account_is_not_there_and_changes_nothing(
    client: Client, batch: UploadBatch, upload: Upload, name: str
) -> None:
    client.force_login(make_user("ben"))
    before = UploadBatch.objects.values().get(id=batch.id)

    assert client.post(address(name, batch, upload)).status_code == 404

    assert UploadBatch.objects.values().get(id=batch.id) == before


def test_try_again_does_not_reach_another_accounts_file(client: Client, batch: UploadBatch) -> None:
    ben = make_user("ben")
    client.force_login(ben)
    own, foreign = fill(ben, 1), batch.items.order_by("id")[0]

    assert client.post(reverse("batch-retry", args=[own.id]), {"item": foreign.id}).status_code == 404


@pytest.mark.parametrize("name", ["batch-list", "upload-list"])
def test_list_shows_nothing_of_another_account(client: Client, batch: UploadBatch, name: str) -> None:
    client.force_login(make_user("ben"))

    page = client.get(reverse(name)).content.decode()

    assert "Iceland" not in page
    assert "IMG_0000" not in page


@pytest.mark.parametrize("name", [name for name in BUTTONS if name != "batch-cancel"])
def test_button_followed_as_a_link_leads_to_its_page_and_changes_nothing(
    client: Client, batch: UploadBatch, upload: Upload, name: str
) -> None:
    client.force_login(User.objects.get(username="anna"))
    before = UploadBatch.objects.values().get(id=batch.id)

    answer = client.get(address(name, batch, upload))

    assert (answer.status_code, answer["Location"]) == (302, reverse("batch-detail", args=[batch.id]))
    assert client.put(address(name, batch, upload)).status_code == 405
    assert UploadBatch.objects.values().get(id=batch.id) == before


@pytest.mark.parametrize("name", [*BUTTONS, "failures-retry", "failures-dismiss"])
def test_button_pressed_after_the_session_ended_leads_by_the_sign_in_to_its_page(
    client: Client, batch: UploadBatch, upload: Upload, name: str
) -> None:
    place = reverse(name) if name.startswith("failures") else address(name, batch, upload)
    anna = User.objects.get(username="anna")
    anna.set_password("correct horse battery")
    anna.save()
    signing_in = client.post(place)["Location"]

    answer = client.post(signing_in, {"username": "anna", "password": "correct horse battery"}, follow=True)

    page = reverse("failures") if name.startswith("failures") else reverse("batch-detail", args=[batch.id])
    page = place if name == "batch-cancel" else page  # which asks
    assert (answer.status_code, answer.redirect_chain[-1][0]) == (200, page)


@pytest.mark.parametrize("name", BUTTONS)
def test_button_pressed_from_another_site_is_refused(batch: UploadBatch, upload: Upload, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="anna"))

    assert client.post(address(name, batch, upload)).status_code == 403


def test_icon_that_browsers_ask_for_by_themselves_needs_no_account(client: Client) -> None:
    answer = client.get("/favicon.ico")

    assert (answer.status_code, answer["Location"]) == (302, "/static/favicon.svg")
