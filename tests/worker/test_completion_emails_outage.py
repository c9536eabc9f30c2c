"""E-mails are sent later, or not at all, if the mail server is unavailable or refuses them."""

import logging

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.worker import mail_delivery
from tests.support.emails import send_completion_emails
from tests.support.mail_sink import MailSink, mail_sink
from tests.worker.completed_batches import make_completed_batch

pytestmark = pytest.mark.django_db(transaction=True)


def test_email_is_sent_after_an_outage_that_is_logged_once(
    email_settings: Settings, ada: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_delivery, "MIN_PAUSE", 1e-9)
    caplog.set_level(logging.INFO, "batches.worker.mail_delivery")
    make_completed_batch(ada)
    with mail_sink() as free:
        email_settings.EMAIL_PORT = free.port
    assert [send_completion_emails() for _ in range(3)] == [0, 0, 0]

    with mail_sink(free.port) as mail_server:
        assert send_completion_emails() == 1

    assert len(mail_server.mails) == 1
    assert [record.levelname for record in caplog.records if record.name == "batches.worker.mail_delivery"] == [
        "WARNING",
        "INFO",
    ]


def test_unavailable_server_is_not_contacted_during_the_back_off(email_settings: Settings, ada: User) -> None:
    make_completed_batch(ada)
    with mail_sink() as free:
        email_settings.EMAIL_PORT = free.port
    send_completion_emails()

    with mail_sink(free.port) as mail_server:
        assert send_completion_emails() == 0

    assert mail_server.connections == 0
    assert mail_delivery.backoff.is_waiting()


def test_temporarily_refused_email_is_retried_and_blocks_no_other(
    mail_server: MailSink, ada: User, other: User
) -> None:
    other.email = "bob@example.org"
    other.save()
    make_completed_batch(ada)
    make_completed_batch(other, "Norway")
    mail_server.refuse["ada@example.org"] = "451 later"

    assert send_completion_emails() == 1

    assert [mail["To"] for mail in mail_server.mails] == ["bob@example.org"]
    mail_server.refuse.clear()
    mail_delivery.backoff.record_success()
    assert send_completion_emails() == 1
    assert [mail["To"] for mail in mail_server.mails] == ["bob@example.org", "ada@example.org"]


def test_permanently_refused_email_is_not_retried(mail_server: MailSink, ada: User) -> None:
    make_completed_batch(ada)
    mail_server.refuse["ada@example.org"] = "550 nobody here"

    assert [send_completion_emails(), send_completion_emails()] == [0, 0]

    assert mail_server.connections == 1


def test_email_without_a_final_reply_is_not_sent_twice(mail_server: MailSink, ada: User) -> None:
    make_completed_batch(ada)
    mail_server.breaks = True
    assert send_completion_emails() == 0
    mail_server.breaks = False
    mail_delivery.backoff.record_success()

    assert send_completion_emails() == 0

    assert len(mail_server.mails) == 1


def test_email_with_an_invalid_address_is_retried_and_blocks_no_other(
    mail_server: MailSink, ada: User, other: User
) -> None:
    User.objects.filter(id=other.id).update(email="bob@example.org")
    User.objects.filter(id=ada.id).update(email="ada@example.org\nBcc: eve@example.org")
    make_completed_batch(ada)
    make_completed_batch(other, "Norway")

    assert send_completion_emails() == 1

    assert [mail["To"] for mail in mail_server.mails] == ["bob@example.org"]
    User.objects.filter(id=ada.id).update(email="ada@example.org")
    mail_delivery.backoff.record_success()
    assert send_completion_emails() == 1
    assert [mail["To"] for mail in mail_server.mails] == ["bob@example.org", "ada@example.org"]
