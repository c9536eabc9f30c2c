"""Send the owner one e-mail when a batch is completed.

At most one e-mail is sent per batch. After the message is built and before it is sent, a conditional UPDATE of
`notified_at` decides which process sends it; a batch that is reopened later keeps the value. If the mail server
certainly did not accept the message, the claim is released and sending is retried; if its reply was lost, the message
counts as sent. A process killed while sending can therefore lose an e-mail, but never send it twice. This runs on a
separate thread and outside of transactions, so nothing else waits for a mail server.
"""

import logging
import time
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from batches.models import UploadBatch
from batches.models.states import BatchStatus
from uploads.outage_log import OutageLog

logger = logging.getLogger(__name__)

EMAIL_INTERVAL_SECONDS = 2.0
CHUNK = 20
MAX_AGE = timedelta(days=1)
"""No e-mail is sent for older completions, for example after e-mail is enabled for the first time."""
MIN_PAUSE, MAX_PAUSE = 10.0, 600.0


class Backoff:
    """Decides when this process tries the mail server again: the pause doubles with each failure."""

    def __init__(self) -> None:
        self._outage = OutageLog(logger, "E-mails cannot be sent and will be retried: %s", "E-mails are sent again.")
        self._pause = 0.0
        self._retry_at = 0.0

    def is_waiting(self) -> bool:
        """Whether the next try is not due yet."""
        return time.monotonic() < self._retry_at

    def record_failure(self, error: Exception) -> None:
        """Lengthen the pause: a message was not accepted, or could not be built."""
        self._outage.report(error)
        self._pause = min(self._pause * 2 or MIN_PAUSE, MAX_PAUSE)
        self._retry_at = time.monotonic() + self._pause

    def record_success(self) -> None:
        """End the pause."""
        self._outage.report(None)
        self._pause = self._retry_at = 0.0


backoff = Backoff()


class _RetryLater(Exception):
    """A message was certainly not sent, and may be accepted later."""


def send_completion_emails() -> int:
    """Send what is due and return how many messages were accepted; cheap if nothing is due."""
    if backoff.is_waiting():
        return 0
    due = list(due_batches())
    if not due:
        return 0
    server = get_connection()
    try:
        server.open()
    except (OSError, SMTPException) as error:
        backoff.record_failure(error)
        return 0
    try:
        return _send_all(due, server)
    finally:
        server.close()


def due_batches() -> QuerySet[UploadBatch]:
    """Return completed batches whose owners were not notified yet, in the order of completion."""
    completed = UploadBatch.objects.filter(
        status=BatchStatus.COMPLETED, notified_at=None, completed_at__gte=timezone.now() - MAX_AGE
    )
    with_address = completed.filter(owner__is_active=True).exclude(owner__email="")
    return with_address.select_related("owner").order_by("completed_at")[:CHUNK]


def _send_all(due: list[UploadBatch], server: Any) -> int:
    """Try each batch; stop the round if the connection is lost."""
    sent, retry_reason = 0, None
    for batch in due:
        try:
            sent += _send(batch, server)
        except _RetryLater as error:
            retry_reason = error
        except (OSError, SMTPException) as error:
            logger.warning("The e-mail about batch %d may have been sent; it is not repeated.", batch.id)
            backoff.record_failure(error)
            return sent
    if retry_reason is not None:
        backoff.record_failure(retry_reason)
    else:
        backoff.record_success()
    return sent


def _send(batch: UploadBatch, server: Any) -> bool:
    """Return whether this process sent the message. Raises _RetryLater, and OSError or SMTPException if the
    connection is lost."""
    try:
        message = _build_message(batch, server)
        # Writes the headers, which fails for an invalid address.
        message.message()
    except Exception as error:
        logger.exception("The e-mail about batch %d cannot be built.", batch.id)
        raise _RetryLater("a message cannot be built") from error
    claimed_at = _claim(batch)
    if claimed_at is None:
        return False
    try:
        message.send()
    except (SMTPResponseException, SMTPRecipientsRefused) as error:
        if not _is_permanent(error):
            _release(batch, claimed_at)
            raise _RetryLater(str(error)) from error
        logger.warning("The mail server rejects the e-mail about batch %d: %s", batch.id, error)
        return False
    return True


def _claim(batch: UploadBatch) -> datetime | None:
    """Return when this process claimed the message; None if another one did, or if the batch was reopened."""
    now = timezone.now()
    unchanged = UploadBatch.objects.filter(
        id=batch.id, status=BatchStatus.COMPLETED, completed_at=batch.completed_at, notified_at=None
    )
    return now if unchanged.update(notified_at=now) else None


def _release(batch: UploadBatch, claimed_at: datetime) -> None:
    UploadBatch.objects.filter(id=batch.id, notified_at=claimed_at).update(notified_at=None)


def _is_permanent(error: SMTPResponseException | SMTPRecipientsRefused) -> bool:
    """Whether a retry is useless: a reply code of 500 or more (RFC 5321, 4.2.1)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _reply in error.recipients.values())
    return error.smtp_code >= 500


def _build_message(batch: UploadBatch, server: Any) -> EmailMessage:
    # A header is one line, and a name may contain line breaks.
    name = " ".join(batch.name.split())
    url = settings.PUBLIC_URL + reverse("batch-detail", args=[batch.id])
    # Without a request the reader's language is unknown.
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("“%(name)s” is done") % {"name": name}
        if batch.failed:
            subject = _("“%(name)s” is done, some files failed") % {"name": name}
        text = render_to_string("batches/finished_mail.txt", {"batch": batch, "name": name, "url": url})
    return EmailMessage(subject, text, to=[batch.owner.email], connection=server)
