"""Mails while the mail server is away, or does not take one."""

import logging

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches import notices
from batches.notices import send_notices
from tests.mail_sink import MailSink, mail_sink
from tests.notices.ended import done

pytestmark = pytest.mark.django_db(transaction=True)


def test_mail_waits_for_a_server_that_is_away_and_one_line_is_logged(
    mails_on: Settings, ada: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "FIRST_PAUSE", 1e-9)
    caplog.set_level(logging.INFO, "batches.notices")
    done(ada)
    with mail_sink() as free:
        mails_on.EMAIL_PORT = free.port
    assert [send_notices() for _ in range(3)] == [0, 0, 0]

    with mail_sink(free.port) as sink:
        assert send_notices() == 1

    assert len(sink.mails) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_server_that_is_away_is_asked_less_and_less_often(mails_on: Settings, ada: User) -> None:
    done(ada)
    with mail_sink() as free:
        mails_on.EMAIL_PORT = free.port
    send_notices()

    with mail_sink(free.port) as sink:
        assert send_notices() == 0

    assert sink.connections == 0
    assert notices.outage.rests()


def test_mail_that_is_put_off_stops_no_other_and_is_tried_again(sink: MailSink, ada: User, other: User) -> None:
    other.email = "bob@example.org"
    other.save()
    done(ada)
    done(other, "Norway")
    sink.refuse["ada@example.org"] = "451 later"

    assert send_notices() == 1

    assert [mail["To"] for mail in sink.mails] == ["bob@example.org"]
    sink.refuse.clear()
    notices.outage.end()
    assert send_notices() == 1
    assert [mail["To"] for mail in sink.mails] == ["bob@example.org", "ada@example.org"]


def test_mail_that_is_refused_for_good_is_not_repeated(sink: MailSink, ada: User) -> None:
    done(ada)
    sink.refuse["ada@example.org"] = "550 nobody here"

    assert [send_notices(), send_notices()] == [0, 0]

    assert sink.connections == 1


def test_mail_whose_answer_was_lost_is_not_sent_twice(sink: MailSink, ada: User) -> None:
    done(ada)
    sink.breaks = True
    assert send_notices() == 0
    sink.breaks = False
    notices.outage.end()

    assert send_notices() == 0

    assert len(sink.mails) == 1


def test_mail_that_cannot_be_written_stops_no_other_and_is_sent_when_it_can(
    sink: MailSink, ada: User, other: User
) -> None:
    User.objects.filter(id=other.id).update(email="bob@example.org")
    User.objects.filter(id=ada.id).update(email="ada@example.org\nBcc: eve@example.org")
    done(ada)
    done(other, "Norway")

    assert send_notices() == 1

    assert [mail["To"] for mail in sink.mails] == ["bob@example.org"]
    User.objects.filter(id=ada.id).update(email="ada@example.org")
    notices.outage.end()
    assert send_notices() == 1
    assert [mail["To"] for mail in sink.mails] == ["bob@example.org", "ada@example.org"]
