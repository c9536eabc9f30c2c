"""Deliver e-mails that are due, each at most once.

A process first builds the message, then claims it with a conditional UPDATE, and only then sends it. If the mail server
rejects the message temporarily, the process releases its claim, and the e-mail is retried. If the server's reply is
lost, the message counts as sent. So an e-mail may be lost if a process is killed while sending it, but it is never sent
twice. This runs on a separate thread and outside of transactions, so nothing else waits for a mail server.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import translation

from uploads.outage_log import OutageLog

logger = logging.getLogger(__name__)

EMAIL_INTERVAL_SECONDS = 2.0
MIN_PAUSE, MAX_PAUSE = 10.0, 600.0


@dataclass(frozen=True, slots=True)
class DueEmail:
    """An e-mail to send.

    `about` identifies the e-mail in the log. `build` returns the recipient, subject and text. `claim` returns None if
    another process has claimed the e-mail or it is no longer due, otherwise a function that releases the claim.
    """

    about: str
    build: Callable[[], tuple[str, str, str]]
    claim: Callable[[], Callable[[], object] | None]


class Backoff:
    """Decides when this process tries the mail server again. The pause doubles with each failure, up to MAX_PAUSE."""

    def __init__(self) -> None:
        self._outage = OutageLog(logger, "E-mails cannot be sent and will be retried: %s", "E-mails can be sent again.")
        self._pause = 0.0
        self._retry_at = 0.0

    def is_waiting(self) -> bool:
        """Return whether it is too early to try again."""
        return time.monotonic() < self._retry_at

    def record_failure(self, error: Exception) -> None:
        """Record that an e-mail could not be built or delivered, and lengthen the pause before the next attempt."""
        self._outage.report(error)
        self._pause = min(self._pause * 2 or MIN_PAUSE, MAX_PAUSE)
        self._retry_at = time.monotonic() + self._pause

    def record_success(self) -> None:
        """Reset the pause. Call this after a round without failures."""
        self._outage.report(None)
        self._pause = self._retry_at = 0.0


backoff = Backoff()


class _RetryLater(Exception):
    """The message was not sent, but a later attempt may succeed."""


def deliver(due: Callable[[], Sequence[DueEmail]]) -> int:
    """Send the e-mails that `due` returns, and return how many of them the mail server accepted.

    `due` is not called during the pause after a failure.
    """
    emails = [] if backoff.is_waiting() else due()
    if not emails:
        return 0
    server = get_connection()
    try:
        server.open()
    except (OSError, SMTPException) as error:
        backoff.record_failure(error)
        return 0
    try:
        return _send_all(emails, server)
    finally:
        server.close()


def _send_all(emails: Sequence[DueEmail], server: Any) -> int:
    """Send each e-mail, but stop if the connection is lost. Return how many were accepted."""
    sent, retry_reason = 0, None
    for email in emails:
        try:
            sent += _send(email, server)
        except _RetryLater as error:
            retry_reason = error
        except (OSError, SMTPException) as error:
            logger.warning("The e-mail about %s may have been sent; it is not sent again.", email.about)
            backoff.record_failure(error)
            return sent
    if retry_reason is not None:
        backoff.record_failure(retry_reason)
    else:
        backoff.record_success()
    return sent


def _send(email: DueEmail, server: Any) -> bool:
    """Claim and send an e-mail. Return whether this process sent it and the mail server accepted it.

    Raises _RetryLater if the e-mail was not sent but a later attempt may succeed, and OSError or SMTPException if the
    connection is lost.
    """
    try:
        message = _build_message(email, server)
    except Exception as error:
        logger.exception("The e-mail about %s cannot be built.", email.about)
        raise _RetryLater("a message cannot be built") from error
    release = email.claim()
    if release is None:
        return False
    try:
        message.send()
    except (SMTPResponseException, SMTPRecipientsRefused) as error:
        if not _is_permanent(error):
            release()
            raise _RetryLater(str(error)) from error
        logger.warning("The mail server rejected the e-mail about %s: %s", email.about, error)
        return False
    return True


def _build_message(email: DueEmail, server: Any) -> EmailMessage:
    # Use the site's default language, because the recipient's language is unknown without a request.
    with translation.override(settings.LANGUAGE_CODE):
        recipient, subject, text = email.build()
    message = EmailMessage(subject, text, to=[recipient], connection=server)
    # Generate the headers now, because this fails if the address is invalid.
    message.message()
    return message


def _is_permanent(error: SMTPResponseException | SMTPRecipientsRefused) -> bool:
    """Return whether every reply code is 500 or higher, which makes a retry pointless (RFC 5321, 4.2.1)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _reply in error.recipients.values())
    return error.smtp_code >= 500
