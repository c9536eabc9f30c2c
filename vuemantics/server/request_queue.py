"""Share a limited number of concurrent requests fairly between clients."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TooBusy(Exception):
    """The client's queue is full, or its request has waited too long."""


class RequestQueue:
    """Limits concurrent requests to `slots` in total and `per_client` for one client.

    Up to `waiting` more requests of each client wait for up to `seconds`. Free slots go to clients in turn, so a client
    with many requests does not delay one with few. For use in one event loop; not thread-safe.
    """

    def __init__(self, *, slots: int, per_client: int, waiting: int, seconds: float) -> None:
        self.slots = slots
        self.per_client = per_client
        self.waiting = waiting
        self.seconds = seconds
        self._free = slots
        self._running: Counter[str] = Counter()
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def slot(self, client: str) -> AsyncIterator[None]:
        """Hold a slot during a `with` block. Raises TooBusy."""
        await self.acquire(client)
        try:
            yield
        finally:
            self.release(client)

    async def acquire(self, client: str) -> None:
        """Take a slot, waiting for one if necessary. Raises TooBusy. The caller must call `release`."""
        if client not in self._queues and self._may_start(client):
            self._start(client)
            return
        queue = self._queues.setdefault(client, deque())
        if len(queue) >= self.waiting:
            raise TooBusy
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(self.seconds):
                await turn
        except BaseException as error:
            self._give_up(client, turn)
            if isinstance(error, TimeoutError):
                raise TooBusy from error
            raise

    def release(self, client: str) -> None:
        """Release a slot, and start the next waiting requests."""
        self._free += 1
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        self._start_waiting()

    def _may_start(self, client: str) -> bool:
        return self._free > 0 and self._running[client] < self.per_client

    def _start(self, client: str) -> None:
        self._free -= 1
        self._running[client] += 1

    def _start_waiting(self) -> None:
        """Start queued requests while slots are free. A client whose request starts goes to the end of the line."""
        for client in list(self._queues):
            if not self._free:
                return
            if self._may_start(client):
                queue = self._queues.pop(client)
                while queue and queue[0].cancelled():
                    queue.popleft()
                if queue:
                    self._start(client)
                    queue.popleft().set_result(None)
                if queue:
                    self._queues[client] = queue

    def _give_up(self, client: str, turn: "asyncio.Future[None]") -> None:
        """Leave the queue. If a slot was assigned in the meantime, release it."""
        queue = self._queues.get(client, deque())
        if turn in queue:
            queue.remove(turn)
            if not queue:
                del self._queues[client]
        elif not turn.cancelled():
            self.release(client)
