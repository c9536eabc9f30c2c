"""Close the sockets of a session that has ended.

A session ends when the user signs out, it expires, the account is deactivated or the password changes. Every
CHECK_SECONDS, and immediately after a `login.changed` event, two queries check the sessions of all sockets of the
process together.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import Error as DatabaseError
from django.utils import timezone

from batches.live.viewer import SIGNED_OUT, Viewer
from uploads.db_threads import run_query

CHECK_SECONDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class SocketSession:
    """The session of one socket. `password` is the user's password hash; a new hash ends the session."""

    session_key: str
    user_id: int
    password: str
    viewer: Viewer


class SessionChecker:
    """Holds the socket sessions of one event loop and runs the task that checks them."""

    def __init__(self) -> None:
        self.sessions: set[SocketSession] = set()
        self._due = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def check_now(self) -> None:
        """Check the sessions without waiting for the interval to end."""
        self._due.set()

    async def stop(self) -> None:
        """Cancel the task and wait until it has ended."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._due.wait()
            self._due.clear()
            # Ignore a database outage, because the renderers log it and send nothing while the database is down.
            with contextlib.suppress(DatabaseError):
                checked = frozenset(self.sessions)
                for session in checked - await run_query(valid_sessions, checked):
                    session.viewer.close(SIGNED_OUT)


def valid_sessions(sessions: Collection[SocketSession]) -> set[SocketSession]:
    keys = {session.session_key for session in sessions}
    stored = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    valid_keys = set(stored.values_list("session_key", flat=True))
    users = User.objects.filter(id__in={session.user_id for session in sessions}, is_active=True)
    passwords = dict(users.values_list("id", "password"))
    return {
        session
        for session in sessions
        if session.session_key in valid_keys and passwords.get(session.user_id) == session.password
    }


_checkers: WeakKeyDictionary[asyncio.AbstractEventLoop, SessionChecker] = WeakKeyDictionary()


def check_now() -> None:
    """Check the sessions of this event loop's sockets immediately."""
    checker = _checkers.get(asyncio.get_running_loop())
    if checker is not None:
        checker.check_now()


@contextlib.asynccontextmanager
async def close_on_sign_out(user: User, session_key: str, viewer: Viewer) -> AsyncIterator[None]:
    """Close the viewer if the user's session ends during the block."""
    loop = asyncio.get_running_loop()
    checker = _checkers.get(loop)
    if checker is None:
        checker = _checkers[loop] = SessionChecker()
    session = SocketSession(session_key, user.pk, user.password, viewer)
    checker.sessions.add(session)
    try:
        yield
    finally:
        checker.sessions.discard(session)
        if not checker.sessions:
            del _checkers[loop]
            await checker.stop()
