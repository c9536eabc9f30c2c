"""The mail server from one address: `smtp://user:password@host:port`.

`smtp` speaks in the clear, `smtp+tls` begins so and then insists on encryption (STARTTLS), `smtps` is encrypted from
its first byte. User and password are quoted as in any URL; the port may be left out.
"""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
"""Ways to speak, and the port of each."""


class MailServer(NamedTuple):
    """Where mails are handed in; user and password may be blank."""

    host: str
    port: int
    user: str
    password: str
    starts_tls: bool
    is_tls: bool


def mail_server(url: str) -> MailServer:
    """Read an address with one of the schemes; without one it is this host, where nobody may listen."""
    parts = urlsplit(url or "smtp://localhost")
    return MailServer(
        host=parts.hostname or "localhost",
        port=parts.port or SCHEMES[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )
