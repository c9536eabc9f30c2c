"""Limit the size of request bodies in daphne's HTTP protocol.

daphne passes on only complete bodies, and Twisted parses forms in memory before Django can check who sent them, so one
POST of 1 GB would take several GB of memory. Therefore a request is refused as soon as its declared length, or the
number of bytes received, exceeds the limit. Also, Twisted does not parse forms; only Django does.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60
LINGER_SECONDS = 2.0


class LimitedRequest(WebRequest):
    """A request whose body never grows past the limit of its channel's factory."""

    def __init__(self, channel: "LimitedChannel", *args: Any, **kwargs: Any) -> None:
        super().__init__(channel, *args, parsePOSTFormSubmission=False, **kwargs)
        self.received = 0
        self.client_ready = channel.client_ready

    def handleContentChunk(self, data: bytes) -> None:
        """Store a part of the body, or refuse the request if the body now exceeds the limit."""
        self.received += len(data)
        if self.channel.refused:
            return
        if self.received > self.channel.factory.max_body:
            self.channel.refuse()
            return
        super().handleContentChunk(data)

    def process(self) -> Any:
        """Pass the request to the application. A connection that becomes a websocket no longer counts as HTTP."""
        channel = self.channel
        done = super().process()
        if self.transport is None:
            channel.factory.channels.discard(channel)
        return done


class LimitedChannel(HTTPChannel):
    """One HTTP connection."""

    factory: "LimitedFactory"
    transport: Any
    refused = False
    _abort: Any = None

    def __init__(self) -> None:
        super().__init__()
        # Set while the client reads fast enough. The server waits for this before it takes more from the application.
        self.client_ready = asyncio.Event()
        self.client_ready.set()

    def pauseProducing(self) -> None:
        """Stop sending, because the client reads too slowly."""
        super().pauseProducing()
        self.client_ready.clear()

    def resumeProducing(self) -> None:
        """Resume sending, because the client has caught up."""
        super().resumeProducing()
        self.client_ready.set()

    def connectionMade(self) -> None:
        """Register the connection, so that the server waits for it before it stops."""
        super().connectionMade()
        self.factory.channels.add(self)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """Unregister the connection and wake code that waits for the client."""
        self.factory.channels.discard(self)
        self.client_ready.set()
        if self._abort is not None and self._abort.active():
            self._abort.cancel()
        super().connectionLost(reason)

    def allHeadersReceived(self) -> None:
        """Refuse a body whose Content-Length is too large, before reading it and without sending `100 Continue`."""
        if self.length is not None and self.length > self.factory.max_body:
            self.refuse()
        else:
            super().allHeadersReceived()

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Keep no connection open while the server is stopping."""
        return bool(super().checkPersistence(request, version)) and not self.factory.stopping

    def rawDataReceived(self, data: bytes) -> None:
        """Read a part of a body, or drop it if the request was refused."""
        if not self.refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        """Handle a request with a complete body, unless it was refused."""
        if not self.refused:
            super().allContentReceived()

    def refuse(self) -> None:
        """Respond with 413 and close the connection.

        At first only our side is closed, and data from the client is still read for a short time. If a connection is
        closed while it has unread data, TCP resets it, and the client would never see the response.
        """
        self.refused = True
        logger.info("Refused a request of more than %g MiB from %s", self.factory.max_body / 2**20, self.getPeer())
        content_type, text = self.factory.refusal(*map(self._header, ("accept", "cookie", "accept-language")))
        body = text.encode()
        head = f"HTTP/1.1 413 Content Too Large\r\nContent-Type: {content_type}; charset=utf-8\r\nConnection: close\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.setTimeout(None)
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self._abort = self.factory.reactor.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def _header(self, name: str) -> str:
        return ",".join(self.requests[-1].requestHeaders.getRawHeaders(name, []))


class LimitedFactory(HTTPFactory):
    """Creates the connections of a server that accepts bodies of up to `max_body` bytes.

    `refusal` takes the headers Accept, Cookie and Accept-Language, and returns the content type and text of the
    response to a larger body.
    """

    protocol = LimitedChannel

    def __init__(self, server: Any, max_body: int, refusal: Callable[[str, str, str], tuple[str, str]]) -> None:
        super().__init__(server)
        self.refusal = refusal
        self.timeOut = IDLE_SECONDS
        self.max_body = max_body
        self.channels: set[LimitedChannel] = set()
        self.stopping = False

    def buildProtocol(self, addr: Any) -> Any:
        """Create a connection whose requests enforce the limit."""
        channel = super().buildProtocol(addr)
        channel.requestFactory = LimitedRequest
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        """Offer only HTTP/1.1, because the limit is not implemented for HTTP/2."""
        return [b"http/1.1"]

    def close_connections(self) -> None:
        """Close idle connections now, and each of the others when its current response has been sent."""
        self.stopping = True
        for channel in list(self.channels):
            channel.persistent = 0
            if not channel.requests:
                channel.loseConnection()
