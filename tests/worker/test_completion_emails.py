"""One mail to the owner when a batch is done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from batches import services
from batches.engine import claim, finish
from batches.models import UploadBatch
from batches.worker.completion_emails import send_completion_emails
from tests.support.batches import fill
from tests.support.failures import LOST_WORKER
from tests.support.mail_sink import MailSink, subject
from tests.worker.completed_batches import done
from tests.worker.conftest import SITE

pytestmark = pytest.mark.django_db(transaction=True)


def test_owner_gets_counts_and_link(sink: MailSink, ada: User) -> None:
    batch = done(ada)

    assert send_completion_emails() == 1

    mail = sink.mails[0]
    assert (mail["To"], mail["From"]) == ("ada@example.org", "Photos <photos@example.org>")
    assert subject(mail) == "“Iceland” is done, some files failed"
    text = mail.get_content()
    assert "2 files described" in text
    assert "1 file failed" in text
    assert f"{SITE}{reverse('batch-detail', args=[batch.id])}" in text


def test_batch_is_told_once(sink: MailSink, ada: User) -> None:
    done(ada)
    send_completion_emails()

    assert send_completion_emails() == 0

    assert len(sink.mails) == 1


def test_batch_that_is_done_a_second_time_is_not_told_again(sink: MailSink, ada: User) -> None:
    batch = done(ada)
    send_completion_emails()
    services.retry_failed(services.owner_scope(ada), batch.id)
    taken = claim.claim_item(batch.id, LOST_WORKER)
    assert taken is not None
    finish.complete_item(taken)
    batch.refresh_from_db()
    assert batch.status == "completed"

    send_completion_emails()

    assert len(sink.mails) == 1


def test_many_processes_send_each_mail_once(sink: MailSink, ada: User) -> None:
    for number in range(8):
        done(ada, f"Batch {number}", described=1, failed=0)

    def process(_number: int) -> int:
        try:
            return send_completion_emails()
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
        services.cancel_batch(services.owner_scope(ada), batch.id)

    assert send_completion_emails() == 0


def test_person_without_an_address_or_without_an_account_gets_none(sink: MailSink, ada: User, other: User) -> None:
    done(other)
    done(ada)
    User.objects.filter(id=ada.id).update(is_active=False)

    assert send_completion_emails() == 0
    assert sink.connections == 0


def test_news_of_last_week_are_not_told(sink: MailSink, ada: User) -> None:
    done(ada)
    UploadBatch.objects.update(completed_at=timezone.now() - timedelta(days=7))

    assert send_completion_emails() == 0


def test_name_of_several_lines_makes_no_header(sink: MailSink, ada: User) -> None:
    done(ada, "Iceland\nBcc: eve@example.org", failed=0)

    assert send_completion_emails() == 1

    assert subject(sink.mails[0]) == "“Iceland Bcc: eve@example.org” is done"
    assert sink.mails[0]["Bcc"] is None
