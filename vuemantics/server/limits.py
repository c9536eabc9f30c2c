"""The limits of the web server, and what it knows about a request that it checks against them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vuemantics.server.open_connections import OpenConnections
from vuemantics.server.refusal import Refusal

SMALL_BODY = 64 * 1024
"""Anyone may send a body of this size, in bytes; Twisted keeps it in memory."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The client's network, and path and headers of its request. Names are in lower case."""

    client: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server.

    A request with a body of more than `max_body` bytes is answered by `too_large`. `check_sender`, if given, is called
    once SMALL_BODY bytes of a body have arrived, and returns a refusal or None. No more is read until it has returned.
    """

    max_body: int
    too_large: Callable[[RequestHead], Refusal]
    check_sender: Callable[[RequestHead], Awaitable[Refusal | None]] | None
    connections: OpenConnections
