"""The web server's limits, and the facts about a request that are needed to enforce them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vuemantics.server.open_connections import OpenConnections
from vuemantics.server.refusal import Refusal

SMALL_BODY = 64 * 1024
"""Bodies up to this many bytes are accepted before the sender is known. Twisted keeps them in memory."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The client's network, and the path and headers of its request. Header names are in lower case."""

    client: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server.

    `too_large` builds the response to a body of more than `max_body` bytes. `check_sender`, if given, is called as soon
    as more than SMALL_BODY bytes of a body have arrived, and returns a refusal or None. Reading continues only after it
    has returned.
    """

    max_body: int
    too_large: Callable[[RequestHead], Refusal]
    check_sender: Callable[[RequestHead], Awaitable[Refusal | None]] | None
    connections: OpenConnections
