"""A person with an address, and a mail server, for tests of mails."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.worker import completion_emails
from tests.support.mail_sink import MailSink, mail_sink

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
    monkeypatch.setattr(completion_emails, "backoff", completion_emails.Backoff())
    return settings


@pytest.fixture
def sink(mails_on: Settings) -> Iterator[MailSink]:
    """The mail server."""
    with mail_sink() as found:
        mails_on.EMAIL_PORT = found.port
        yield found
