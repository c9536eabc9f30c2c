"""An HTTP connection of daphne that counts towards the limits and is closed if the client stops reading."""

import asyncio
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel

from vuemantics.client_address import client_network
from vuemantics.server.refusal import BUSY, Refusal

WRITE_SECONDS = 60.0
"""A client must read one piece of a response (see daphne_server.py) within this time."""
LINGER_SECONDS = 2.0


class ClientConnection(HTTPChannel):
    """A connection to a client. `factory` is the `LimitedFactory` that created it."""

    factory: Any
    transport: Any
    client = ""
    refused = False
    _admitted = False
    _abort: Any = None

    def __init__(self) -> None:
        super().__init__()
        # Set while the client reads fast enough. The server waits for this before it accepts more data from the
        # application.
        self.client_ready = asyncio.Event()
        self.client_ready.set()

    def connectionMade(self) -> None:
        """Register the connection, so that a stopping server waits for it. Refuse it if too many are open."""
        super().connectionMade()
        self.factory.channels.add(self)
        peer = getattr(self.transport.getPeer(), "host", "")
        self.client = client_network(peer) or peer
        connections = self.factory.limits.connections
        self._admitted = connections.add(self.client)
        if self._admitted:
            return
        if connections.may_answer:
            self.refuse(BUSY)
        else:
            self.transport.abortConnection()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """Unregister the connection and wake code that waits for the client."""
        self.factory.channels.discard(self)
        self.factory.limits.connections.remove(self.client, admitted=self._admitted)
        self.client_ready.set()
        self._cancel_abort()
        super().connectionLost(reason)

    def hand_over(self, websocket: Any) -> None:
        """Hand the connection over to a websocket. It still counts as open, but no longer as an HTTP connection."""
        self.factory.channels.discard(self)
        lost = websocket.connectionLost

        def connection_lost(reason: Any = connectionDone) -> None:
            self.factory.limits.connections.remove(self.client, admitted=True)
            lost(reason)

        websocket.connectionLost = connection_lost

    def pauseProducing(self) -> None:
        """Stop sending, because the client reads too slowly, and close the connection if that lasts a minute."""
        super().pauseProducing()
        self.client_ready.clear()
        self._abort_after(WRITE_SECONDS)

    def resumeProducing(self) -> None:
        """Resume sending, because the client has caught up."""
        super().resumeProducing()
        self._cancel_abort()
        self.client_ready.set()

    def loseConnection(self) -> None:
        """Close the connection once the response has been sent, or after a minute if the client does not read it."""
        super().loseConnection()
        if self._abort is None or not self._abort.active():
            self._abort_after(WRITE_SECONDS)

    def refuse(self, refusal: Refusal) -> None:
        """Send the response and close the connection.

        At first, only the server's side is closed, and data from the client is still read for a short time. If a
        connection with unread data is closed, TCP resets it, and the client never sees the response.
        """
        self.refused = True
        self.transport.write(refusal.encode())
        self.setTimeout(None)
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self._abort_after(LINGER_SECONDS)

    def _abort_after(self, seconds: float) -> None:
        self._cancel_abort()
        self._abort = self.factory.reactor.callLater(seconds, self.transport.abortConnection)

    def _cancel_abort(self) -> None:
        if self._abort is not None and self._abort.active():
            self._abort.cancel()
