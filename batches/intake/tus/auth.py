"""Check a request's host, origin and session."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.cookie import parse_cookie

from batches.intake.tus.protocol_error import TusError
from uploads.request_origin import host_is_served, is_same_origin


def check_origin(scheme: str, headers: Mapping[str, str]) -> None:
    """Raise TusError 400 if this server does not serve the host, or 403 if another site's page sent the request.

    This check and the required Tus-Resumable header, which no HTML form can send, replace a CSRF token.
    """
    if not host_is_served(headers.get("host", "")):
        raise TusError(400, "host.unknown")
    origin = headers.get("origin")
    if origin is not None and not is_same_origin(origin, scheme, headers):
        raise TusError(403, "origin.foreign")


def signed_in_user(cookies: str) -> User:
    """Return the active user whose session cookie was sent. Raises TusError 401. Runs two queries."""
    session_key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    request = HttpRequest()
    engine: Any = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(session_key)
    # get_user checks the backend, the session hash (invalid after a password change) and that the user is active.
    user = get_user(request)
    if isinstance(user, User):
        return user
    raise TusError(401, "auth.required")
