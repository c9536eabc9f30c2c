"""The client's IP address, which django-axes uses to limit password guessing."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None if it has none, for example on a Unix socket.

    Behind a proxy, this is the last address in `X-Forwarded-For`. The proxy appends its client's address to the header
    that it received, so all earlier entries may be forged. If the last entry is missing or invalid, return the proxy's
    own address.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] if settings.BEHIND_PROXY else ""
    return _parse(forwarded) or _parse(request.META.get("REMOTE_ADDR", ""))


def _parse(text: str) -> str | None:
    try:
        # Remove the zone, as in fe80::1%eth0, because PostgreSQL does not accept it.
        return str(ip_address(text.strip().partition("%")[0]))
    except ValueError:
        return None
