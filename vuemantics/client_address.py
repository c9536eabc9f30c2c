"""The client's IP address, which is used to limit password guessing, connections and anonymous requests."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str | None:
    """Return the client's network (see `client_network`), or None if it has no address, as on a Unix socket."""
    return forwarded_client(request.META.get("HTTP_X_FORWARDED_FOR", ""), request.META.get("REMOTE_ADDR", ""))


def forwarded_client(forwarded_for: str, peer: str) -> str | None:
    """Return the client's network for a request from `peer` with this `X-Forwarded-For` header.

    Behind a proxy, the client is the last address in the header. The proxy appends its client's address to the header
    that it received, so all earlier entries may be forged. If the last entry is missing or invalid, the client is the
    proxy itself.
    """
    forwarded = forwarded_for.rpartition(",")[2] if settings.BEHIND_PROXY else ""
    return client_network(forwarded) or client_network(peer)


def client_network(address: str) -> str | None:
    """Return `address` if it is IPv4, the first address of its /64 network if IPv6, or None if it is invalid.

    An IPv6 client usually has a whole /64 network and can use any of its 2^64 addresses (RFC 6177).
    """
    try:
        # Remove the zone, as in fe80::1%eth0, because PostgreSQL does not accept it.
        parsed = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return None
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, IPV6_PREFIX), strict=False).network_address)
