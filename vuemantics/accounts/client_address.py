"""The client's IP address, which django-axes uses to limit password guessing."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None if there is none, as on a Unix socket.

    Behind a proxy this is the last address of `X-Forwarded-For`. The proxy appends its client to the header it
    received, so everything before may be forged. If the last entry is missing or invalid, the proxy's own address is
    returned.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] if settings.BEHIND_PROXY else ""
    return _parse(forwarded) or _parse(request.META.get("REMOTE_ADDR", ""))


def _parse(text: str) -> str | None:
    try:
        # PostgreSQL does not accept a zone, as in fe80::1%eth0.
        return str(ip_address(text.strip().partition("%")[0]))
    except ValueError:
        return None
