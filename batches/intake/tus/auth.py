"""Check a request's host, origin and session."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from batches.intake.tus.protocol_error import TusError


def check_origin(scheme: str, headers: Mapping[str, str]) -> None:
    """Raise TusError 400 if this server does not serve the host, or 403 if another site's page sent the request.

    This check and the required Tus-Resumable header, which no HTML form can send, replace a CSRF token.
    """
    host = headers.get("host", "")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        raise TusError(400, "host.unknown")
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"{_scheme(scheme, headers)}://{host}".lower():
        raise TusError(403, "origin.foreign")


def _scheme(scheme: str, headers: Mapping[str, str]) -> str:
    """Return the scheme that the browser used. Behind a trusted proxy, a header contains it."""
    if not settings.SECURE_PROXY_SSL_HEADER:
        return scheme
    name, secure_value = settings.SECURE_PROXY_SSL_HEADER
    sent = headers.get(name.removeprefix("HTTP_").replace("_", "-").lower(), "")
    return "https" if sent.partition(",")[0].strip() == secure_value else scheme


def signed_in_user(cookies: str) -> User:
    """Return the active user whose session cookie was sent. Raises TusError 401. Runs two queries."""
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        morsel = None
    if morsel is not None:
        request = HttpRequest()
        engine: Any = import_module(settings.SESSION_ENGINE)
        request.session = engine.SessionStore(morsel.value)
        # get_user checks the backend, the session hash (invalid after a password change) and that the user is active.
        user = get_user(request)
        if isinstance(user, User):
            return user
    raise TusError(401, "auth.required")
