"""One mail to the owner when a batch is done."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from batches import notices, services
from batches.engine import arrive, claim, finish
from batches.models import UploadBatch
from batches.notices import send_notices
from tests.failing import NOBODY, fail_stored
from tests.mail_sink import MailSink, mail_sink, subject
from tests.rows import fill

pytestmark = pytest.mark.django_db(transaction=True)
SITE = "https://photos.example.org"


@pytest.fixture
def ada(owner: User) -> User:
    """A person with an address."""
    owner.email = "ada@example.org"
    owner.save()
    return owner


@pytest.fixture
def mails_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Mails are sent, to whatever EMAIL_PORT says; the mail server is not known to be away."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.DEFAULT_FROM_EMAIL = "Photos <photos@example.org>"
    settings.PUBLIC_URL = SITE
    settings.EMAIL_TIMEOUT = 5
    monkeypatch.setattr(notices, "outage", notices.Outage())
    return settings


@pytest.fixture
def sink(mails_on: Settings) -> Iterator[MailSink]:
    """The mail server."""
    with mail_sink() as found:
        mails_on.EMAIL_PORT = found.port
        yield found


def done(owner: User, name: str = "Iceland", described: int = 2, failed: int = 1) -> UploadBatch:
    """A completed batch."""
    batch = fill(owner, described + failed, name)
    for _ in range(failed):
        fail_stored(batch)
    for _ in range(described):
        taken = claim.claim_item(batch.id, NOBODY)
        assert taken is not None
        assert finish.complete(taken)
    arrive.seal_batch(batch.id)
    batch.refresh_from_db()
    return batch


def test_owner_gets_counts_and_link(sink: MailSink, ada: User) -> None:
    batch = done(ada)

    assert send_notices() == 1

    mail = sink.mails[0]
    assert (mail["To"], mail["From"]) == ("ada@example.org", "Photos <photos@example.org>")
    assert subject(mail) == "“Iceland” is done, some files need a look"
    text = mail.get_content()
    assert "2 files described" in text
    assert "1 file needs a look" in text
    assert f"{SITE}{reverse('batch-detail', args=[batch.id])}" in text


def test_batch_is_told_once(sink: MailSink, ada: User) -> None:
    done(ada)
    send_notices()

    assert send_notices() == 0

    assert len(sink.mails) == 1


def test_batch_that_is_done_a_second_time_is_not_told_again(sink: MailSink, ada: User) -> None:
    batch = done(ada)
    send_notices()
    services.retry_failed(ada, batch.id)
    taken = claim.claim_item(batch.id, NOBODY)
    assert taken is not None
    finish.complete(taken)
    batch.refresh_from_db()
    assert batch.status == "completed"

    send_notices()

    assert len(sink.mails) == 1


def test_many_processes_send_each_mail_once(sink: MailSink, ada: User) -> None:
    for number in range(8):
        done(ada, f"Batch {number}", described=1, failed=0)

    def process(_number: int) -> int:
        try:
            return send_notices()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(process, range(4)))

    assert sum(sent) == 8
    assert len({subject(mail) for mail in sink.mails}) == len(sink.mails) == 8


@pytest.mark.parametrize("state", ["running", "cancelled"])
def test_batch_that_is_not_done_is_not_told(sink: MailSink, ada: User, state: str) -> None:
    batch = fill(ada, 1)
    if state == "cancelled":
        services.cancel_batch(ada, batch.id)

    assert send_notices() == 0


def test_person_without_an_address_or_without_an_account_gets_none(sink: MailSink, ada: User, other: User) -> None:
    done(other)
    done(ada)
    User.objects.filter(id=ada.id).update(is_active=False)

    assert send_notices() == 0
    assert sink.connections == 0


def test_news_of_last_week_are_not_told(sink: MailSink, ada: User) -> None:
    done(ada)
    UploadBatch.objects.update(completed_at=timezone.now() - timedelta(days=7))

    assert send_notices() == 0


def test_name_of_several_lines_makes_no_header(sink: MailSink, ada: User) -> None:
    done(ada, "Iceland\nBcc: eve@example.org", failed=0)

    assert send_notices() == 1

    assert subject(sink.mails[0]) == "“Iceland Bcc: eve@example.org” is done"
    assert sink.mails[0]["Bcc"] is None


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
