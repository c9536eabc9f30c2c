"""The settings for mails."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from vuemantics.checks import CHECKS
from vuemantics.environment import url
from vuemantics.mail import SCHEMES, MailServer, mail_server


def found() -> list[str | None]:
    """The ids of what the checks refuse."""
    return [message.id for check in CHECKS for message in check()]


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("smtp://mail.local", MailServer("mail.local", 25, "", "", False, False)),
        ("smtp+tls://mail.local", MailServer("mail.local", 587, "", "", True, False)),
        ("smtps://mail.local", MailServer("mail.local", 465, "", "", False, True)),
        ("smtps://a%40b.org:p%2Fw%3A@mail.local:2465", MailServer("mail.local", 2465, "a@b.org", "p/w:", False, True)),
    ],
)
def test_address_says_where_how_and_who(address: str, server: MailServer) -> None:
    assert mail_server(address) == server


@pytest.mark.parametrize("address", ["mail.local", "http://mail.local", "smtp://", "smtp://mail.local:mail"])
def test_address_that_cannot_be_meant_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VUEMANTICS_EMAIL_URL", address)

    with pytest.raises(ImproperlyConfigured, match="VUEMANTICS_EMAIL_URL"):
        url("VUEMANTICS_EMAIL_URL", "", [*SCHEMES], "smtp://mail.local")


def test_mails_are_off_by_default(settings: Settings) -> None:
    assert settings.EMAIL_URL == ""
    assert found() == []


def test_mails_with_address_and_sender_are_possible(settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.local"
    settings.PUBLIC_URL = "https://photos.example.org"
    settings.DEFAULT_FROM_EMAIL = "Photos <photos@example.org>"

    assert found() == []


def test_mails_without_the_address_of_the_site_are_refused(settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.local"
    settings.DEFAULT_FROM_EMAIL = "photos@example.org"

    assert found() == ["vuemantics.E020"]


@pytest.mark.parametrize("sender", ["", "Photos"])
def test_mails_without_a_sender_are_refused(settings: Settings, sender: str) -> None:
    settings.EMAIL_URL = "smtp://mail.local"
    settings.PUBLIC_URL = "https://photos.example.org"
    settings.DEFAULT_FROM_EMAIL = sender

    assert found() == ["vuemantics.E021"]
