"""Identify the sender of a request before the application handles it.

The result may be a minute old. It is used only to share the server fairly and to refuse large bodies from clients that
are not signed in and have no guest link; the application itself authenticates each request.
"""

import re
import time
from http import HTTPStatus
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http.cookie import parse_cookie
from django.urls import Resolver404, resolve
from django.utils.http import urlencode

from uploads.db_threads import SESSION_THREADS, run_session_query
from vuemantics.client_address import forwarded_client
from vuemantics.server.limits import RequestHead
from vuemantics.server.refusal import BUSY, Refusal
from vuemantics.server.request_queue import RequestQueue, TooBusy

FRESH_SECONDS = 60.0
MAX_SESSIONS = 10_000
_SESSION_KEY = re.compile("[0-9a-z]{32}", re.ASCII)
# Each client has its own queue, so a client that sends random session keys delays only itself.
_lookups = RequestQueue(slots=SESSION_THREADS, per_client=1, waiting=64, seconds=10)
_CLOSED_LINK = Refusal(HTTPStatus.NOT_FOUND, "This link does not work, or no longer works.\n")


class Sessions:
    """A cache of sessions' user ids. Each entry expires after a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    async def user_id(self, session_key: str, client: str) -> str | None:
        """Return the id of the session's user, or None if there is none. Raises TooBusy and database errors."""
        known = self._known.get(session_key)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        async with _lookups.slot(client):
            user_id = await run_session_query(_load_user_id, session_key)
        if user_id is not None:
            if len(self._known) >= MAX_SESSIONS:
                self._known.clear()
            self._known[session_key] = (user_id, time.monotonic() + FRESH_SECONDS)
        return user_id


_sessions = Sessions()


def _load_user_id(session_key: str) -> str | None:
    engine: Any = import_module(settings.SESSION_ENGINE)
    user_id = engine.SessionStore(session_key).get(SESSION_KEY)
    return None if user_id is None else str(user_id)


async def sender_of(cookies: str, client: str) -> str | None:
    """Return the id of the signed-in user, or None. Raises TooBusy and database errors."""
    session_key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    return await _sessions.user_id(session_key, client) if _SESSION_KEY.fullmatch(session_key) else None


async def check_sender(head: RequestHead) -> Refusal | None:
    """Return the response that refuses a large body, or None if the sender is signed in or has a working guest link."""
    client = forwarded_client(head.headers.get("x-forwarded-for", ""), head.client) or head.client
    try:
        if (token := _guest_token(head.path)) is not None:
            async with _lookups.slot(client):
                return None if await run_session_query(_is_open, token) else _CLOSED_LINK
        if await sender_of(head.headers.get("cookie", ""), client) is not None:
            return None
    except (TooBusy, DatabaseError):
        return BUSY
    if head.path.startswith("/tus/"):
        text = "auth.required: You are signed out. Sign in again, then resume."
        return Refusal(HTTPStatus.UNAUTHORIZED, text, headers={"Tus-Resumable": "1.0.0"})
    sign_in = f"/sign-in/?{urlencode({'next': head.path})}"
    return Refusal(HTTPStatus.SEE_OTHER, "Sign in first.\n", headers={"Location": sign_in})


def _is_open(token: str) -> bool:
    # Imported only when needed, because the server imports this module before it sets up Django.
    from batches.models.guest_link import is_open_token  # noqa: PLC0415

    return is_open_token(token)


def _guest_token(path: str) -> str | None:
    """Return the guest link's token if this is the path of the page on which guests add files, otherwise None."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    token: str | None = match.kwargs.get("token") if match.view_name == "guest-upload" else None
    return token
