"""Damage is shown to the owner and to operators, and the owner gets one e-mail about it."""

import csv
import io
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from batches.failures.queries import count_failures
from batches.worker import mail_delivery
from tests.support.async_requests import AsyncBrowser
from tests.support.emails import send_damage_emails
from tests.support.html import compact
from tests.support.mail_sink import MailSink, mail_sink, subject
from tests.support.users import make_staff
from tests.verification.library import flip_byte, store
from uploads.models import DamagedFile
from uploads.verification.schedule import verify_due

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def damage(owner: User) -> DamagedFile:
    """A damaged file, cat.jpg."""
    flip_byte(store(owner, b"content", "cat.jpg"), b"content")
    list(verify_due(2**30))
    return DamagedFile.objects.get()


@pytest.fixture
def mail_server(settings: Settings, owner: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    """A running mail server; the owner has an e-mail address."""
    monkeypatch.setattr(mail_delivery, "backoff", mail_delivery.Backoff())
    owner.email = "ada@example.org"
    owner.save()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.DEFAULT_FROM_EMAIL = "photos@example.org"
    settings.PUBLIC_URL = "https://photos.example.org"
    with mail_sink() as server:
        settings.EMAIL_PORT = server.port
        yield server


def page(client: Client, user: User, name: str = "failures") -> str:
    client.force_login(user)
    response = client.get(reverse(name))
    assert response.status_code == 200
    return compact(response.content.decode())


def test_problems_page_shows_the_owner_what_is_damaged(client: Client, damage: DamagedFile) -> None:
    html = page(client, damage.owner)

    assert "1 stored file is damaged" in html
    assert "its content has changed" in html
    assert f'<a href="{reverse("upload-detail", args=[damage.pk])}">cat.jpg</a>' in html
    assert count_failures(damage.owner_id) == 1
    assert "No problems" not in html


def test_problems_page_shows_no_damage_of_others(client: Client, damage: DamagedFile, other: User) -> None:
    html = page(client, other)

    assert "cat.jpg" not in html
    assert "No problems" in html


def test_csv_lists_the_damaged_file(damage: DamagedFile) -> None:
    answer = async_to_sync(AsyncBrowser(damage.owner).get)(reverse("failures-csv"))

    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row[1:4] for row in rows[1:]] == [["cat.jpg", "7", "original.changed"]]


def test_admin_shows_damage_of_all_owners(client: Client, damage: DamagedFile) -> None:
    staff = make_staff("viewer", "view_batchitem", "view_damagedfile")

    assert "cat.jpg" in page(client, staff, "admin:batches_failures")
    assert "cat.jpg" in page(client, staff, "admin:uploads_damagedfile_changelist")


def test_owner_gets_one_email_about_damage(mail_server: MailSink, damage: DamagedFile) -> None:
    assert [send_damage_emails(), send_damage_emails()] == [1, 0]

    [mail] = mail_server.mails
    assert (mail["To"], subject(mail)) == ("ada@example.org", "1 stored file is damaged")
    assert "cat.jpg" in mail.get_content()
    assert "https://photos.example.org/problems/" in mail.get_content()


def test_refused_email_about_damage_is_sent_later(mail_server: MailSink, damage: DamagedFile) -> None:
    mail_server.refuse["ada@example.org"] = "451 later"

    assert send_damage_emails() == 0

    damage.refresh_from_db()
    assert damage.notified_at is None


def test_email_about_many_files_reads_ten_names(mail_server: MailSink, owner: User) -> None:
    now = timezone.now()
    for number in range(12):
        upload = store(owner, b"%d" % number, f"{number}.jpg")
        DamagedFile.objects.create(upload=upload, owner=owner, reason="original.missing", found_at=now)

    with CaptureQueriesContext(connection) as queries:
        assert send_damage_emails() == 1

    [mail] = mail_server.mails
    assert (subject(mail), "and 2 more files" in mail.get_content()) == ("12 stored files are damaged", True)
    names, claim = (query["sql"] for query in queries if "filename" in query["sql"] or "UPDATE" in query["sql"])
    assert ("LIMIT 10" in names, " IN (" in claim) == (True, False)
    assert not DamagedFile.objects.filter(notified_at=None).exists()
