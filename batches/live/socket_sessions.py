"""Whether the logins of open sockets still hold: signed out, expired, deactivated or with a new password, they end.

All sockets of a process are asked for together, in two queries every CHECK_SECONDS, and at once when a hint says that
somebody signed out.
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
    """Who watches by which session. `password` is its hash at the start: a new one ends the login."""

    session_key: str
    user_id: int
    password: str
    viewer: Viewer


class Checks:
    """The logins of one event loop, and the task that asks for them while there are any."""

    def __init__(self) -> None:
        self.logins: set[SocketSession] = set()
        self._soon = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def check_soon(self) -> None:
        """Do not wait for the next time."""
        self._soon.set()

    async def stop(self) -> None:
        """End the task."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._soon.wait()
            self._soon.clear()
            # The renderers say when the database is away; until it is back nothing is shown either.
            with contextlib.suppress(DatabaseError):
                asked = frozenset(self.logins)
                for login in asked - await run_query(valid_sessions, asked):
                    login.viewer.end(SIGNED_OUT)


def valid_sessions(logins: Collection[SocketSession]) -> set[SocketSession]:
    """Return those of these logins that still hold."""
    keys = {login.session_key for login in logins}
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = set(alive.values_list("session_key", flat=True))
    people = User.objects.filter(id__in={login.user_id for login in logins}, is_active=True)
    passwords = dict(people.values_list("id", "password"))
    return {
        login for login in logins if login.session_key in sessions and passwords.get(login.user_id) == login.password
    }


_checks: WeakKeyDictionary[asyncio.AbstractEventLoop, Checks] = WeakKeyDictionary()


def check_soon() -> None:
    """Ask at once for the logins of this event loop's sockets."""
    checks = _checks.get(asyncio.get_running_loop())
    if checks is not None:
        checks.check_soon()


@contextlib.asynccontextmanager
async def close_on_sign_out(user: User, session_key: str, viewer: Viewer) -> AsyncIterator[None]:
    """Inside the block the viewer ends when the user's login does."""
    loop = asyncio.get_running_loop()
    checks = _checks.get(loop)
    if checks is None:
        checks = _checks[loop] = Checks()
    login = SocketSession(session_key, user.pk, user.password, viewer)
    checks.logins.add(login)
    try:
        yield
    finally:
        checks.logins.discard(login)
        if not checks.logins:
            del _checks[loop]
            await checks.stop()
