"""Limit the number of open connections, in total and per client address."""

import resource
from collections import Counter

MAX_DESCRIPTORS = 65_536
RESERVED_DESCRIPTORS = 128  # for the database, Redis, log files and listening sockets
DESCRIPTORS_PER_CONNECTION = 2  # the socket, and a partial file, temporary file or file to send
MAX_REFUSED = 100


def raise_descriptor_limit() -> int:
    """Raise the soft limit on open files as far as allowed, up to MAX_DESCRIPTORS; return at most that number.

    The default on Linux is only 1024, for programs that call select(2). This server does not call it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= allowed:
        return allowed
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


def connections_for(descriptors: int) -> int:
    """Return how many connections can be open before the process runs out of descriptors; at least 16."""
    return max(16, (descriptors - RESERVED_DESCRIPTORS) // DESCRIPTORS_PER_CONNECTION)


class OpenConnections:
    """Counts open connections. `per_client` is the limit for one client network, or 0 for no limit."""

    def __init__(self, most: int, per_client: int) -> None:
        self.most = most
        self.per_client = per_client
        self._refused = 0
        self._total = 0
        self._by_client: Counter[str] = Counter()

    def add(self, client: str) -> bool:
        """Count a new connection and return whether it is within the limits. In either case, call `remove` later."""
        if self._total >= self.most or (self.per_client and self._by_client[client] >= self.per_client):
            self._refused += 1
            return False
        self._total += 1
        self._by_client[client] += 1
        return True

    def remove(self, client: str, *, admitted: bool) -> None:
        """Stop counting a closed connection. `admitted` is the result of `add`."""
        if not admitted:
            self._refused -= 1
            return
        self._total -= 1
        self._by_client[client] -= 1
        if not self._by_client[client]:
            del self._by_client[client]

    @property
    def may_answer(self) -> bool:
        """Whether a refused connection may stay open until its client has received a response with the reason."""
        return self._refused <= MAX_REFUSED
