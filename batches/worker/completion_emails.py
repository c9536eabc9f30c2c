"""One mail to the owner when a batch is done.

Never two for one batch: a conditional UPDATE of `notified_at` decides which process sends it, after it is written and
before anything is sent, and a batch that is reopened later keeps it. What the mail server certainly did not take is
given back and tried again; where the answer was lost it counts as sent. So a process that is killed in this moment may
cost a mail, never double it. It runs on a thread of its own, outside of any transaction: nothing waits for a mail
server.
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

logger = logging.getLogger(__name__)

EMAIL_INTERVAL_SECONDS = 2.0
CHUNK = 20
OLDEST = timedelta(days=1)
"""News of yesterday is none: also what an installation tells when mails are switched on."""
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0


class Outage:
    """The mail server as this process knows it: while it is away, tries become rarer and the log says it once."""

    def __init__(self) -> None:
        self._pause = 0.0
        self._rests_until = 0.0

    def rests(self) -> bool:
        """Whether the next try is still to come."""
        return time.monotonic() < self._rests_until

    def begin(self, error: Exception) -> None:
        """Note that it did not take a mail, or that one could not be written."""
        if not self._pause:
            logger.warning("Mails do not go out (%s); they are tried again.", error)
        self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
        self._rests_until = time.monotonic() + self._pause

    def end(self) -> None:
        """Note that all is well."""
        if self._pause:
            logger.info("Mails go out again.")
        self._pause = self._rests_until = 0.0


outage = Outage()


class _PutOff(Exception):
    """A mail was certainly not sent, and may be another time."""


def send_completion_emails() -> int:
    """Send what is due and return how many mails were taken; quick when nothing is."""
    if outage.rests():
        return 0
    due = list(due_batches())
    if not due:
        return 0
    server = get_connection()
    try:
        server.open()
    except (OSError, SMTPException) as error:
        outage.begin(error)
        return 0
    try:
        return _send_all(due, server)
    finally:
        server.close()


def due_batches() -> QuerySet[UploadBatch]:
    """Return batches whose owner is still to be told, the first to end first."""
    finished = UploadBatch.objects.filter(
        status=BatchStatus.COMPLETED, notified_at=None, completed_at__gte=timezone.now() - OLDEST
    )
    people = finished.filter(owner__is_active=True).exclude(owner__email="")
    return people.select_related("owner").order_by("completed_at")[:CHUNK]


def _send_all(due: list[UploadBatch], server: Any) -> int:
    """Send each, also after one that was put off; a lost connection ends the round."""
    sent, put_off = 0, None
    for batch in due:
        try:
            sent += _send(batch, server)
        except _PutOff as error:
            put_off = error
        except (OSError, SMTPException) as error:
            logger.warning("Whether the mail about batch %d was taken is not known; it is not repeated.", batch.id)
            outage.begin(error)
            return sent
    if put_off is not None:
        outage.begin(put_off)
    else:
        outage.end()
    return sent


def _send(batch: UploadBatch, server: Any) -> bool:
    """Return whether this process sent the mail. Raises _PutOff, and what the server raises when it is lost."""
    try:
        message = _message(batch, server)
        # An address, too, is found impossible only when it is written into its header.
        message.message()
    except Exception as error:
        logger.exception("The mail about batch %d cannot be written.", batch.id)
        raise _PutOff("one cannot be written") from error
    claimed_at = _claim(batch)
    if claimed_at is None:
        return False
    try:
        message.send()
    except (SMTPResponseException, SMTPRecipientsRefused) as error:
        if not _is_final(error):
            _give_back(batch, claimed_at)
            raise _PutOff(str(error)) from error
        logger.warning("The mail server refuses the mail about batch %d: %s", batch.id, error)
        return False
    return True


def _claim(batch: UploadBatch) -> datetime | None:
    """Take it upon this process to send the mail; None: another one did, or the batch goes on again."""
    now = timezone.now()
    same = UploadBatch.objects.filter(
        id=batch.id, status=BatchStatus.COMPLETED, completed_at=batch.completed_at, notified_at=None
    )
    return now if same.update(notified_at=now) else None


def _give_back(batch: UploadBatch, claimed_at: datetime) -> None:
    UploadBatch.objects.filter(id=batch.id, notified_at=claimed_at).update(notified_at=None)


def _is_final(error: SMTPResponseException | SMTPRecipientsRefused) -> bool:
    """Whether asking again is of no use: a code of 500 or more, as the protocol has it (RFC 5321, 4.2.1)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _words in error.recipients.values())
    return error.smtp_code >= 500


def _message(batch: UploadBatch, server: Any) -> EmailMessage:
    # A name may come from any door; a header is one line.
    name = " ".join(batch.name.split())
    url = settings.PUBLIC_URL + reverse("batch-detail", args=[batch.id])
    # No browser says here which language its reader wants.
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("“%(name)s” is done") % {"name": name}
        if batch.failed:
            subject = _("“%(name)s” is done, some files need a look") % {"name": name}
        text = render_to_string("batches/finished_mail.txt", {"batch": batch, "name": name, "url": url})
    return EmailMessage(subject, text, to=[batch.owner.email], connection=server)
