"""Check whether a request was sent by a page of this site."""

from collections.abc import Mapping

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def host_is_served(host: str) -> bool:
    """Return whether ALLOWED_HOSTS includes `host`, the value of a Host header."""
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def is_same_origin(origin: str, scheme: str, headers: Mapping[str, str]) -> bool:
    """Return whether `origin` has the scheme, host and port of this site's own pages.

    `scheme` is the scheme of the connection. Header names are in lower case.
    """
    return origin.lower() == f"{client_scheme(scheme, headers)}://{headers.get('host', '')}".lower()


def client_scheme(scheme: str, headers: Mapping[str, str]) -> str:
    """Return the scheme that the browser used: http or https. Behind a trusted proxy, it comes from a header."""
    scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    if not settings.SECURE_PROXY_SSL_HEADER:
        return scheme
    name, secure_value = settings.SECURE_PROXY_SSL_HEADER
    sent = headers.get(name.removeprefix("HTTP_").replace("_", "-").lower(), "")
    return "https" if sent.partition(",")[0].strip() == secure_value else scheme
