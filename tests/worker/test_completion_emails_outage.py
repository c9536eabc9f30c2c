"""Mails while the mail server is away, or does not take one."""

import logging

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.worker import completion_emails
from batches.worker.completion_emails import send_completion_emails
from tests.support.mail_sink import MailSink, mail_sink
from tests.worker.completed_batches import done

pytestmark = pytest.mark.django_db(transaction=True)


def test_mail_waits_for_a_server_that_is_away_and_one_line_is_logged(
    mails_on: Settings, ada: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion_emails, "MIN_PAUSE", 1e-9)
    caplog.set_level(logging.INFO, "batches.worker.completion_emails")
    done(ada)
    with mail_sink() as free:
        mails_on.EMAIL_PORT = free.port
    assert [send_completion_emails() for _ in range(3)] == [0, 0, 0]

    with mail_sink(free.port) as sink:
        assert send_completion_emails() == 1

    assert len(sink.mails) == 1
    assert [record.levelname for record in caplog.records if record.name == "batches.worker.completion_emails"] == [
        "WARNING",
        "INFO",
    ]


def test_server_that_is_away_is_asked_less_and_less_often(mails_on: Settings, ada: User) -> None:
    done(ada)
    with mail_sink() as free:
        mails_on.EMAIL_PORT = free.port
    send_completion_emails()

    with mail_sink(free.port) as sink:
        assert send_completion_emails() == 0

    assert sink.connections == 0
    assert completion_emails.backoff.is_waiting()


def test_mail_that_is_put_off_stops_no_other_and_is_tried_again(sink: MailSink, ada: User, other: User) -> None:
    other.email = "bob@example.org"
    other.save()
    done(ada)
    done(other, "Norway")
    sink.refuse["ada@example.org"] = "451 later"

    assert send_completion_emails() == 1

    assert [mail["To"] for mail in sink.mails] == ["bob@example.org"]
    sink.refuse.clear()
    completion_emails.backoff.record_success()
    assert send_completion_emails() == 1
    assert [mail["To"] for mail in sink.mails] == ["bob@example.org", "ada@example.org"]


def test_mail_that_is_refused_for_good_is_not_repeated(sink: MailSink, ada: User) -> None:
    done(ada)
    sink.refuse["ada@example.org"] = "550 nobody here"

    assert [send_completion_emails(), send_completion_emails()] == [0, 0]

    assert sink.connections == 1


def test_mail_whose_answer_was_lost_is_not_sent_twice(sink: MailSink, ada: User) -> None:
    done(ada)
    sink.breaks = True
    assert send_completion_emails() == 0
    sink.breaks = False
    completion_emails.backoff.record_success()

    assert send_completion_emails() == 0

    assert len(sink.mails) == 1


def test_mail_that_cannot_be_written_stops_no_other_and_is_sent_when_it_can(
    sink: MailSink, ada: User, other: User
) -> None:
    User.objects.filter(id=other.id).update(email="bob@example.org")
    User.objects.filter(id=ada.id).update(email="ada@example.org\nBcc: eve@example.org")
    done(ada)
    done(other, "Norway")

    assert send_completion_emails() == 1

    assert [mail["To"] for mail in sink.mails] == ["bob@example.org"]
    User.objects.filter(id=ada.id).update(email="ada@example.org")
    completion_emails.backoff.record_success()
    assert send_completion_emails() == 1
    assert [mail["To"] for mail in sink.mails] == ["bob@example.org", "ada@example.org"]
