"""Send an owner one e-mail when a batch is completed.

At most one e-mail is sent per batch. A process first builds the message, then claims it with a conditional UPDATE of
`notified_at`, and only then sends it; a batch that is reopened later keeps its `notified_at`. If the mail server
rejects the message temporarily, the process releases its claim, and the e-mail is retried. If the server's reply is
lost, the message counts as sent. So an e-mail may be lost if a process is killed while sending it, but it is never sent
twice. This runs on a separate thread and outside of transactions, so nothing else waits for a mail server.
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
"""No e-mail is sent about a batch that completed longer ago than this, for example when e-mail is first enabled."""
MIN_PAUSE, MAX_PAUSE = 10.0, 600.0


class Backoff:
    """Decides when this process tries the mail server again. The pause doubles with each failure, up to MAX_PAUSE."""

    def __init__(self) -> None:
        self._outage = OutageLog(logger, "E-mails cannot be sent and will be retried: %s", "E-mails can be sent again.")
        self._pause = 0.0
        self._retry_at = 0.0

    def is_waiting(self) -> bool:
        """Whether it is too early to try again."""
        return time.monotonic() < self._retry_at

    def record_failure(self, error: Exception) -> None:
        """Start a longer pause after a message could not be built or the mail server did not accept it."""
        self._outage.report(error)
        self._pause = min(self._pause * 2 or MIN_PAUSE, MAX_PAUSE)
        self._retry_at = time.monotonic() + self._pause

    def record_success(self) -> None:
        """Reset the pause, after a round without failures."""
        self._outage.report(None)
        self._pause = self._retry_at = 0.0


backoff = Backoff()


class _RetryLater(Exception):
    """The message was not sent, but a later attempt may succeed."""


def send_completion_emails() -> int:
    """Send the e-mails that are due, and return how many of them the mail server accepted."""
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
    """Return up to CHUNK completed batches whose owners have not been notified yet, in order of completion."""
    completed = UploadBatch.objects.filter(
        status=BatchStatus.COMPLETED, notified_at=None, completed_at__gte=timezone.now() - MAX_AGE
    )
    with_address = completed.filter(owner__is_active=True).exclude(owner__email="")
    return with_address.select_related("owner").order_by("completed_at")[:CHUNK]


def _send_all(due: list[UploadBatch], server: Any) -> int:
    """Send the e-mail about each batch, but stop if the connection is lost. Return how many were accepted."""
    sent, retry_reason = 0, None
    for batch in due:
        try:
            sent += _send(batch, server)
        except _RetryLater as error:
            retry_reason = error
        except (OSError, SMTPException) as error:
            logger.warning("The e-mail about batch %d may have been sent; it is not sent again.", batch.id)
            backoff.record_failure(error)
            return sent
    if retry_reason is not None:
        backoff.record_failure(retry_reason)
    else:
        backoff.record_success()
    return sent


def _send(batch: UploadBatch, server: Any) -> bool:
    """Claim and send the e-mail about a batch. Return whether this process sent it and the mail server accepted it.

    Raises _RetryLater if the e-mail was not sent but a later attempt may succeed, and OSError or SMTPException if the
    connection is lost.
    """
    try:
        message = _build_message(batch, server)
        # Generate the headers now, because this fails if the address is invalid.
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
        logger.warning("The mail server rejected the e-mail about batch %d: %s", batch.id, error)
        return False
    return True


def _claim(batch: UploadBatch) -> datetime | None:
    """Claim the e-mail and return the time. Return None if another process has it or the batch was reopened."""
    now = timezone.now()
    unchanged = UploadBatch.objects.filter(
        id=batch.id, status=BatchStatus.COMPLETED, completed_at=batch.completed_at, notified_at=None
    )
    return now if unchanged.update(notified_at=now) else None


def _release(batch: UploadBatch, claimed_at: datetime) -> None:
    UploadBatch.objects.filter(id=batch.id, notified_at=claimed_at).update(notified_at=None)


def _is_permanent(error: SMTPResponseException | SMTPRecipientsRefused) -> bool:
    """Return whether every reply code is 500 or higher, which makes a retry pointless (RFC 5321, 4.2.1)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _reply in error.recipients.values())
    return error.smtp_code >= 500


def _build_message(batch: UploadBatch, server: Any) -> EmailMessage:
    # A header must be a single line, but a name may contain line breaks.
    name = " ".join(batch.name.split())
    url = settings.PUBLIC_URL + reverse("batch-detail", args=[batch.id])
    # Use the site's default language, because the owner's language is unknown without a request.
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("“%(name)s” is done") % {"name": name}
        if batch.failed:
            subject = _("“%(name)s” is done, but some files failed") % {"name": name}
        context = {"batch": batch, "name": name, "url": url}
        text = render_to_string("batches/finished_mail.txt", context)
    return EmailMessage(subject, text, to=[batch.owner.email], connection=server)
