"""The owner gets one e-mail when a batch is completed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from batches import services
from batches.engine import claim, finish_item
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.emails import send_completion_emails
from tests.support.failures import LOST_WORKER
from tests.support.mail_sink import MailSink, subject
from tests.worker.completed_batches import make_completed_batch
from tests.worker.conftest import SITE

pytestmark = pytest.mark.django_db(transaction=True)


def test_email_contains_counts_and_link(mail_server: MailSink, ada: User) -> None:
    batch = make_completed_batch(ada)

    assert send_completion_emails() == 1

    mail = mail_server.mails[0]
    assert (mail["To"], mail["From"]) == ("ada@example.org", "Photos <photos@example.org>")
    assert subject(mail) == "“Iceland” is done, but some files failed"
    text = mail.get_content()
    assert "2 files described" in text
    assert "1 file failed" in text
    assert f"{SITE}{reverse('batch-detail', args=[batch.id])}" in text


def test_email_is_sent_once(mail_server: MailSink, ada: User) -> None:
    make_completed_batch(ada)
    send_completion_emails()

    assert send_completion_emails() == 0

    assert len(mail_server.mails) == 1


def test_batch_completed_again_sends_no_second_email(mail_server: MailSink, ada: User) -> None:
    batch = make_completed_batch(ada)
    send_completion_emails()
    services.retry_failed(services.owner_scope(ada), batch.id)
    claimed = claim.claim_item(batch.id, LOST_WORKER)
    assert claimed is not None
    finish_item.complete_item(claimed)
    batch.refresh_from_db()
    assert batch.status == "completed"

    send_completion_emails()

    assert len(mail_server.mails) == 1


def test_concurrent_processes_send_each_email_once(mail_server: MailSink, ada: User) -> None:
    for number in range(8):
        make_completed_batch(ada, f"Batch {number}", described=1, failed=0)

    def process(_number: int) -> int:
        try:
            return send_completion_emails()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(process, range(4)))

    assert sum(sent) == 8
    assert len({subject(mail) for mail in mail_server.mails}) == len(mail_server.mails) == 8


@pytest.mark.parametrize("state", ["running", "cancelled"])
def test_unfinished_batch_sends_no_email(mail_server: MailSink, ada: User, state: str) -> None:
    batch = make_batch(ada, 1)
    if state == "cancelled":
        services.cancel_batch(services.owner_scope(ada), batch.id)

    assert send_completion_emails() == 0


def test_owner_without_an_address_or_an_active_account_gets_no_email(
    mail_server: MailSink, ada: User, other: User
) -> None:
    make_completed_batch(other)
    make_completed_batch(ada)
    User.objects.filter(id=ada.id).update(is_active=False)

    assert send_completion_emails() == 0
    assert mail_server.connections == 0


def test_batch_completed_a_week_ago_sends_no_email(mail_server: MailSink, ada: User) -> None:
    make_completed_batch(ada)
    UploadBatch.objects.update(completed_at=timezone.now() - timedelta(days=7))

    assert send_completion_emails() == 0


def test_line_break_in_the_name_adds_no_header(mail_server: MailSink, ada: User) -> None:
    make_completed_batch(ada, "Iceland\nBcc: eve@example.org", failed=0)

    assert send_completion_emails() == 1

    assert subject(mail_server.mails[0]) == "“Iceland Bcc: eve@example.org” is done"
    assert mail_server.mails[0]["Bcc"] is None
