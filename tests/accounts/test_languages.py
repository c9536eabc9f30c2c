"""Pages and sockets use the reader's language; e-mails use the language from the settings."""

from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from batches.live.throughput import Throughput, throughput_text
from batches.models.error_codes import error_text
from batches.worker.completion_emails import due_batches
from tests.support.batches import make_batch
from tests.support.emails import send_completion_emails
from tests.support.html import compact
from tests.support.live_page import Page, cookie_of
from tests.support.users import make_staff, make_user

pytestmark = pytest.mark.django_db
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def anna(db: None) -> User:
    return make_user("anna")


@pytest.fixture
def browser(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def html(client: Client, name: str, *args: int, **headers: str) -> str:
    return compact(client.get(reverse(name, args=args), headers=headers).content.decode())


def test_page_uses_the_language_of_the_browser(browser: Client) -> None:
    page = html(browser, "batch-list", **GERMAN)

    assert '<html lang="de">' in page
    assert "Dateien hinzufügen" in page


def test_unknown_language_falls_back_to_english(browser: Client) -> None:
    assert '<html lang="en">' in html(browser, "batch-list", **{"Accept-Language": "tlh"})


def test_chosen_language_takes_precedence_over_the_browser(browser: Client) -> None:
    form = {"language": "de", "next": reverse("failures")}

    response = browser.post(reverse("language"), form)

    assert response["Location"] == reverse("failures")
    assert '<html lang="de">' in html(browser, "batch-list", **{"Accept-Language": "en"})


def test_visitor_may_choose_a_language(client: Client) -> None:
    client.post(reverse("language"), {"language": "de", "next": reverse("login")})

    assert "Anmelden" in html(client, "login")


def test_language_form_does_not_redirect_to_another_site(client: Client) -> None:
    response = client.post(reverse("language"), {"language": "de", "next": "https://example.org/"})

    assert response["Location"] == "/"


def test_get_request_does_not_change_the_language(browser: Client) -> None:
    assert browser.get(reverse("language"), {"language": "de"}).status_code == 405
    assert '<html lang="en">' in html(browser, "batch-list")


def test_failure_is_explained_in_german_and_its_message_marked_as_english(browser: Client, anna: User) -> None:
    batch = make_batch(anna, 1)
    batch.items.update(
        status="failed", error_code="file.unsupported", error_message="It is a text.", finished_at=datetime.now(UTC),
        queue_position=None,
    )  # fmt: skip
    item = batch.items.get()

    page = html(browser, "item-detail", batch.id, item.id, **GERMAN)

    assert "Dieser Dateityp wird nicht unterstützt." in page
    assert '<span lang="en">It is a text.</span>' in page


def test_refused_command_is_explained_in_german(browser: Client, anna: User) -> None:
    batch = make_batch(anna, 1)
    browser.post(reverse("batch-cancel", args=[batch.id]), {"confirmed": "yes"})

    response = browser.post(reverse("batch-pause", args=[batch.id]), headers=GERMAN, follow=True)

    assert "Dieser Import wurde abgebrochen" in response.content.decode()


def test_engine_page_of_the_admin_is_german(client: Client) -> None:
    client.force_login(make_staff("viewer", "view_worker", "view_uploadbatch"))

    page = html(client, "admin:batches_engine", **GERMAN)

    assert "Warteschlange" in page
    assert "Wartende Dateien" in page


def test_owner_filter_of_the_admin_is_german(client: Client) -> None:
    client.force_login(make_staff("viewer", "view_uploadbatch", "view_user"))

    page = html(client, "admin:batches_uploadbatch_changelist", **GERMAN)

    assert 'data-filter-title="Besitzer"' in page


def test_deleted_picture_is_explained_in_german() -> None:
    with translation.override("de"):
        reason = error_text("item.deleted")

    assert reason.text == "Das Bild wurde gelöscht. Zum erneuten Hinzufügen einen neuen Import starten."


def test_numbers_use_the_format_of_the_language() -> None:
    with translation.override("de"):
        assert throughput_text(Throughput(2, 2.5, 3)) == "2,5 Dateien pro Sekunde"


def test_script_catalog_is_translated(client: Client) -> None:
    german, english = html(client, "javascript-catalog", **GERMAN), html(client, "javascript-catalog")

    assert "Alle Dateien sind hochgeladen." in german
    assert "Alle Dateien" not in english


def test_script_catalog_is_revalidated_and_not_sent_again(client: Client) -> None:
    first = client.get(reverse("javascript-catalog"))

    again = client.get(reverse("javascript-catalog"), headers={"If-None-Match": first["ETag"]})

    assert "no-cache" in first["Cache-Control"]
    assert again.status_code == 304


def test_email_uses_the_language_of_the_settings(anna: User, settings: object, mailoutbox: list[object]) -> None:
    settings.LANGUAGE_CODE = "de"  # type: ignore[attr-defined]
    User.objects.filter(id=anna.id).update(email="anna@example.org")
    batch = make_batch(anna, 1)
    batch.items.update(status="completed", result="new", finished_at=datetime.now(UTC), queue_position=None)
    type(batch).objects.filter(id=batch.id).update(
        status="completed", successful=1, sealed_at=datetime.now(UTC), completed_at=datetime.now(UTC)
    )
    assert due_batches()

    send_completion_emails()

    assert "ist fertig" in mailoutbox[0].subject  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
async def test_socket_uses_the_language_of_its_page(anna: User) -> None:
    batch = await sync_to_async(make_batch)(anna, 2)
    cookie = await sync_to_async(cookie_of)(anna)
    german, english = Page(batch.id, f"{cookie}; django_language=de"), Page(batch.id, cookie)
    await german.open()
    await english.open()

    assert "Dateien" in await german.frame()
    assert "Dateien" not in await english.frame()
    for page in (german, english):
        await page.close()
