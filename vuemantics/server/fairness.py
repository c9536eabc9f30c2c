"""Share the server between its users by limiting how many requests each of them may have in progress.

Each request occupies a thread and a database connection, so one user's requests could leave none for other users.
Requests of the same kind share a number of slots, and each waits for a slot before it gets a thread. Users are
identified by their session, anonymous clients by their address. A slot is released as soon as the response begins, so
slow clients hold no slots.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from django.db import DatabaseError
from django.urls import Resolver404, resolve

from vuemantics.client_address import forwarded_client
from vuemantics.server.error_pages import too_busy
from vuemantics.server.request_queue import RequestQueue, TooBusy
from vuemantics.server.senders import sender_of

PAGE_THREADS = 8
BULK_THREADS = 2
"""Threads for requests that cover many files and may take seconds each."""
SIGN_IN_THREADS = max(1, (os.cpu_count() or 1) // 2)
"""Threads for requests that hash a password. A hash takes half a second on one core, and anyone can trigger one."""
UPLOAD_REQUESTS = 1000  # each holds a thread only while it writes (batches/intake/tus/threads.py)
WAIT_SECONDS = 10.0
REFUSAL_SECONDS = 1.0
"""How long a refusal is delayed, so that clients that ignore Retry-After do not keep the server busy with refusals."""
BULK_VIEWS = {"batch-unfinished", "batch-announce", "library-sizes", "batch-manifest", "batch-unsent"}
SIGN_IN_VIEWS = {"login", "admin:login", "first-password", "password-change", "shared-unlock", "album-share"}


class FairRequests:
    """ASGI middleware that responds with 429 if a client's queue is full or its request has waited for WAIT_SECONDS."""

    def __init__(self, application: Callable[..., Any], refusal_seconds: float = REFUSAL_SECONDS) -> None:
        self.application = application
        self.refusal_seconds = refusal_seconds
        self.pages = RequestQueue(slots=PAGE_THREADS, per_client=4, waiting=128, seconds=WAIT_SECONDS)
        self.bulk = RequestQueue(slots=BULK_THREADS, per_client=1, waiting=4, seconds=WAIT_SECONDS)
        self.sign_in = RequestQueue(slots=SIGN_IN_THREADS, per_client=1, waiting=16, seconds=WAIT_SECONDS)
        self.uploads = RequestQueue(slots=UPLOAD_REQUESTS, per_client=16, waiting=16, seconds=WAIT_SECONDS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the application once the client has a slot, or respond with 429."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        queue = self._queue(scope)
        try:
            client = await _client(scope, headers)
            await queue.acquire(client)
        except TooBusy:
            await asyncio.sleep(self.refusal_seconds)
            await _send_busy(headers, send)
            return
        release = _Once(queue, client)

        async def send_and_release(message: Any) -> None:
            release()
            await send(message)

        try:
            await self.application(scope, receive, send_and_release)
        finally:
            release()

    def _queue(self, scope: Any) -> RequestQueue:
        if scope["path"].startswith("/tus/"):
            return self.uploads
        view = _view_name(scope["path"])
        if scope["method"] == "POST" and view in SIGN_IN_VIEWS:
            return self.sign_in
        return self.bulk if view in BULK_VIEWS else self.pages


class _Once:
    """Releases a slot on the first call. Further calls do nothing."""

    def __init__(self, queue: RequestQueue, client: str) -> None:
        self._queue: RequestQueue | None = queue
        self._client = client

    def __call__(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.release(self._client)


def _view_name(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


async def _client(scope: Any, headers: Mapping[str, str]) -> str:
    """Return a string that identifies the client: its user if signed in, otherwise its address. Raises TooBusy."""
    peer = (scope.get("client") or [""])[0]
    address = forwarded_client(headers.get("x-forwarded-for", ""), peer) or peer
    try:
        user_id = await sender_of(headers.get("cookie", ""), address)
    except DatabaseError:
        user_id = None  # the application reports the outage
    return address if user_id is None else f"user {user_id}"


async def _send_busy(headers: Mapping[str, str], send: Any) -> None:
    refusal = too_busy(headers)
    lines = {"Content-Type": f"{refusal.content_type}; charset=utf-8", "Cache-Control": "no-store", **refusal.headers}
    encoded = [(name.lower().encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": refusal.status.value, "headers": encoded})
    await send({"type": "http.response.body", "body": refusal.text.encode()})
