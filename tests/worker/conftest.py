"""Fixtures for the worker tests: a user with an e-mail address, and a mail server."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.worker import mail_delivery
from tests.support.mail_sink import MailSink, mail_sink

SITE = "https://photos.example.org"


@pytest.fixture
def ada(owner: User) -> User:
    """A user with an e-mail address."""
    owner.email = "ada@example.org"
    owner.save()
    return owner


@pytest.fixture
def email_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Send e-mails to a local server at EMAIL_PORT, and reset the back-off from earlier tests."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.DEFAULT_FROM_EMAIL = "Photos <photos@example.org>"
    settings.PUBLIC_URL = SITE
    settings.EMAIL_TIMEOUT = 5
    monkeypatch.setattr(mail_delivery, "backoff", mail_delivery.Backoff())
    return settings


@pytest.fixture
def mail_server(email_settings: Settings) -> Iterator[MailSink]:
    """The running mail server to which e-mails are sent."""
    with mail_sink() as server:
        email_settings.EMAIL_PORT = server.port
        yield server
