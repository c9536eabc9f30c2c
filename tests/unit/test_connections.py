"""The settings for PostgreSQL and the mail server are parsed from their URLs."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from vuemantics.connections import MAIL_PORTS, MailServer, mail_server, pooled_database
from vuemantics.environment import url


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("", MailServer("localhost", 25, "", "", False, False)),
        ("smtp://mail.local", MailServer("mail.local", 25, "", "", False, False)),
        ("smtp+tls://mail.local", MailServer("mail.local", 587, "", "", True, False)),
        ("smtps://mail.local", MailServer("mail.local", 465, "", "", False, True)),
        ("smtps://a%40b.org:p%2Fw%3A@mail.local:2465", MailServer("mail.local", 2465, "a@b.org", "p/w:", False, True)),
    ],
)
def test_mail_url_is_parsed(address: str, server: MailServer) -> None:
    assert mail_server(address) == server


@pytest.mark.parametrize("address", ["mail.local", "http://mail.local", "smtp://", "smtp://mail.local:mail"])
def test_invalid_mail_url_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VUEMANTICS_EMAIL_URL", address)

    with pytest.raises(ImproperlyConfigured, match="VUEMANTICS_EMAIL_URL"):
        url("VUEMANTICS_EMAIL_URL", "", [*MAIL_PORTS], "smtp://mail.local")


def test_schema_of_the_database_url_is_kept() -> None:
    options = pooled_database("postgresql://host/name?currentSchema=photos", 1)["OPTIONS"]["options"]

    assert "-c search_path=photos" in options
