"""Whose address a request comes from: guessing of passwords is slowed down for an address and a name together."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the sender's IP address; None where there is none, as on a Unix socket.

    It is that of the connection, or, behind a proxy, the last of `X-Forwarded-For`: the proxy appends whom it answers
    to what it was sent, so whatever stands before may be the sender's invention. A last entry that is no address, or
    none at all, leaves the proxy's own.
    """
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] if settings.BEHIND_PROXY else ""
    return _address(told) or _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str | None:
    try:
        # PostgreSQL takes no zone, as in fe80::1%eth0.
        return str(ip_address(text.strip().partition("%")[0]))
    except ValueError:
        return None
