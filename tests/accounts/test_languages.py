"""Pages, sockets and mails in the language of who reads them."""

from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from batches.live.throughput import Throughput, throughput_text
from batches.models.error_codes import error_text
from batches.worker.completion_emails import due_batches, send_completion_emails
from tests.support.batches import fill
from tests.support.live_page import Page, cookie_of
from tests.support.users import make_staff, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("give_back_connection")]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_user("anna")


@pytest.fixture
def browser(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def html(client: Client, name: str, *args: int, **headers: str) -> str:
    return client.get(reverse(name, args=args), headers=headers).content.decode()


def test_page_speaks_the_language_that_the_browser_asks_for(browser: Client) -> None:
    page = html(browser, "batch-list", **GERMAN)

    assert '<html lang="de">' in page
    assert "Dateien hinzufügen" in page


def test_language_that_is_not_known_is_answered_in_english(browser: Client) -> None:
    assert '<html lang="en">' in html(browser, "batch-list", **{"Accept-Language": "tlh"})


def test_choice_is_kept_and_goes_before_what_the_browser_asks_for(browser: Client) -> None:
    form = {"language": "de", "next": reverse("failures")}

    answer = browser.post(reverse("language"), form)

    assert answer["Location"] == reverse("failures")
    assert '<html lang="de">' in html(browser, "batch-list", **{"Accept-Language": "en"})


def test_who_is_not_signed_in_may_choose_too(client: Client) -> None:
    client.post(reverse("language"), {"language": "de", "next": reverse("login")})

    assert "Anmelden" in html(client, "login")


def test_choice_leads_to_no_other_site(client: Client) -> None:
    answer = client.post(reverse("language"), {"language": "de", "next": "https://example.org/"})

    assert answer["Location"] == "/"


def test_choice_by_a_link_changes_nothing(browser: Client) -> None:
    assert browser.get(reverse("language"), {"language": "de"}).status_code == 405
    assert '<html lang="en">' in html(browser, "batch-list")


def test_cause_of_a_failure_is_told_in_german_and_its_message_stays_a_detail(browser: Client, anna: User) -> None:
    batch = fill(anna, 1)
    batch.items.update(
        status="failed", error_code="file.unsupported", error_message="It is a text.", finished_at=datetime.now(UTC),
        queue_position=None,
    )  # fmt: skip
    item = batch.items.get()

    page = html(browser, "item-detail", batch.id, item.id, **GERMAN)

    assert "Diese Art von Datei wird nicht angenommen." in page
    assert '<span lang="en">It is a text.</span>' in page


def test_refusal_of_a_command_is_told_in_german(browser: Client, anna: User) -> None:
    batch = fill(anna, 1)
    browser.post(reverse("batch-cancel", args=[batch.id]), {"confirmed": "yes"})

    answer = browser.post(reverse("batch-pause", args=[batch.id]), headers=GERMAN, follow=True)

    assert "Dieser Import wurde abgebrochen" in answer.content.decode()


def test_page_engine_of_the_admin_is_german(client: Client) -> None:
    client.force_login(make_staff("viewer", "view_worker", "view_uploadbatch"))

    page = html(client, "admin:batches_engine", **GERMAN)

    assert "Warteschlange" in page
    assert "Wartende Dateien" in page


def test_owner_filter_of_the_admin_is_german(client: Client) -> None:
    client.force_login(make_staff("viewer", "view_uploadbatch", "view_user"))

    page = html(client, "admin:batches_uploadbatch_changelist", **GERMAN)

    assert 'data-filter-title="Besitzer"' in page


def test_refusal_of_a_deleted_picture_has_german_words() -> None:
    with translation.override("de"):
        words = error_text("item.deleted")

    assert words.text == "Das Bild wurde gelöscht. Zum erneuten Hinzufügen einen neuen Import beginnen."


def test_numbers_are_written_as_the_language_writes_them() -> None:
    with translation.override("de"):
        assert throughput_text(Throughput(2, 2.5, 3)) == "2,5 Dateien pro Sekunde"


def test_words_of_the_scripts_come_in_the_language(client: Client) -> None:
    german, english = html(client, "script-words", **GERMAN), html(client, "script-words")

    assert "Alle Dateien sind gesendet." in german
    assert "Alle Dateien" not in english


def test_words_of_the_scripts_are_asked_for_anew_and_sent_once(client: Client) -> None:
    first = client.get(reverse("script-words"))

    again = client.get(reverse("script-words"), headers={"If-None-Match": first["ETag"]})

    assert "no-cache" in first["Cache-Control"]
    assert again.status_code == 304


def test_mail_is_in_the_language_of_the_installation(anna: User, settings: object, mailoutbox: list[object]) -> None:
    settings.LANGUAGE_CODE = "de"  # type: ignore[attr-defined]
    User.objects.filter(id=anna.id).update(email="anna@example.org")
    batch = fill(anna, 1)
    batch.items.update(status="completed", finished_at=datetime.now(UTC), queue_position=None)
    type(batch).objects.filter(id=batch.id).update(
        status="completed", successful=1, sealed_at=datetime.now(UTC), completed_at=datetime.now(UTC)
    )
    assert due_batches()

    send_completion_emails()

    assert "ist fertig" in mailoutbox[0].subject  # type: ignore[attr-defined]


async def test_socket_speaks_the_language_of_its_page(anna: User) -> None:
    batch = await sync_to_async(fill)(anna, 2)
    cookie = await sync_to_async(cookie_of)(anna)
    german, english = Page(batch.id, f"{cookie}; django_language=de"), Page(batch.id, cookie)
    await german.open()
    await english.open()

    assert "Dateien" in await german.frame()
    assert "Dateien" not in await english.frame()
    for page in (german, english):
        await page.close()
