"""Checks of the settings for mails."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_mail_links(**_: Any) -> list[CheckMessage]:
    """A mail is written by a worker, which no request tells the address of the site."""
    if not settings.EMAIL_URL or settings.PUBLIC_URL:
        return []
    hint = "Set VUEMANTICS_URL to the address by which people come, such as https://photos.example.org"
    words = "VUEMANTICS_EMAIL_URL is set and VUEMANTICS_URL is not: mails could not link to their batch."
    return [Error(words, hint=hint, id="vuemantics.E020")]


def check_mail_sender(**_: Any) -> list[CheckMessage]:
    """Servers refuse mails without a sender, or take them for spam."""
    if not settings.EMAIL_URL or "@" in parseaddr(settings.DEFAULT_FROM_EMAIL)[1]:
        return []
    hint = "Set VUEMANTICS_EMAIL_FROM to an address that your mail server sends for: Photos <photos@example.org>"
    words = f"VUEMANTICS_EMAIL_FROM must be a mail address, not “{settings.DEFAULT_FROM_EMAIL}”."
    return [Error(words, hint=hint, id="vuemantics.E021")]


MAIL_CHECKS = (check_mail_links, check_mail_sender)
