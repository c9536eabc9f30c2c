"""Check the settings for e-mails."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_mail_links(**_: Any) -> list[CheckMessage]:
    """Require the site's address if e-mails are sent, because workers have no request from which to derive links."""
    if not settings.EMAIL_URL or settings.PUBLIC_URL:
        return []
    hint = "Set VUEMANTICS_URL to the public address of the site, such as https://photos.example.org"
    problem = "VUEMANTICS_EMAIL_URL is set but VUEMANTICS_URL is not: e-mails could not link to the import."
    return [Error(problem, hint=hint, id="vuemantics.E020")]


def check_mail_sender(**_: Any) -> list[CheckMessage]:
    """Require a sender address if e-mails are sent: mail servers reject messages without one or treat them as spam."""
    if not settings.EMAIL_URL or "@" in parseaddr(settings.DEFAULT_FROM_EMAIL)[1]:
        return []
    hint = "Set VUEMANTICS_EMAIL_FROM to an address that your mail server accepts: Photos <photos@example.org>"
    problem = f"VUEMANTICS_EMAIL_FROM must be an e-mail address, not “{settings.DEFAULT_FROM_EMAIL}”."
    return [Error(problem, hint=hint, id="vuemantics.E021")]
