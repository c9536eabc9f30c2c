"""daphne's HTTP side behind a hard limit on request bodies.

daphne hands a body over only when it is complete, and Twisted parses forms in memory before Django sees who is asking:
one POST of 1 GB would cost many times that. So a body over the limit is refused at the head of the request when its
length is declared, else as soon as it has grown past the limit, and Twisted parses no forms (Django does).
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
        self.flowing = channel.flowing

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body, unless it is one too many."""
        self.received += len(data)
        if self.channel.refused:
            return
        if self.received > self.channel.factory.max_body:
            self.channel.refuse()
            return
        super().handleContentChunk(data)

    def process(self) -> Any:
        """Hand over to the application; a connection that became a websocket is no HTTP connection any more."""
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
        # Set while the client takes what is sent; the server waits for it before it takes more from the application.
        self.flowing = asyncio.Event()
        self.flowing.set()

    def pauseProducing(self) -> None:
        """Note that the client is slower than we are."""
        super().pauseProducing()
        self.flowing.clear()

    def resumeProducing(self) -> None:
        """Note that the client has caught up."""
        super().resumeProducing()
        self.flowing.set()

    def connectionMade(self) -> None:
        """Count the connection, for an orderly stop."""
        super().connectionMade()
        self.factory.channels.add(self)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """Forget the connection."""
        self.factory.channels.discard(self)
        self.flowing.set()
        if self._abort is not None and self._abort.active():
            self._abort.cancel()
        super().connectionLost(reason)

    def allHeadersReceived(self) -> None:
        """Refuse a body that is declared too long before a byte of it is read, and without a `100 Continue`."""
        if self.length is not None and self.length > self.factory.max_body:
            self.refuse()
        else:
            super().allHeadersReceived()

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Keep no connection open while the server stops."""
        return bool(super().checkPersistence(request, version)) and not self.factory.stopping

    def rawDataReceived(self, data: bytes) -> None:
        """Take a part of a body; what a refused client still sends is dropped."""
        if not self.refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        """Go on with a request whose body is complete."""
        if not self.refused:
            super().allContentReceived()

    def refuse(self) -> None:
        """Answer 413 and close.

        Only our side is closed at first and the client is read a little longer: closing on unread data makes TCP
        reset the connection, and the client would never see the answer.
        """
        self.refused = True
        logger.info("Refused a request of more than %g MiB from %s", self.factory.max_body / 2**20, self.getPeer())
        kind, text = self.factory.refusal(*map(self._header, ("accept", "cookie", "accept-language")))
        body = text.encode()
        head = f"HTTP/1.1 413 Content Too Large\r\nContent-Type: {kind}; charset=utf-8\r\nConnection: close\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.setTimeout(None)
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self._abort = self.factory.reactor.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def _header(self, name: str) -> str:
        return ",".join(self.requests[-1].requestHeaders.getRawHeaders(name, []))


class LimitedFactory(HTTPFactory):
    """Makes the connections of a server that takes bodies of up to `max_body` bytes.

    `refusal` returns type and text of the answer to larger ones, from the headers Accept, Cookie and Accept-Language.
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
        """Like daphne's, with requests that keep the limit."""
        channel = super().buildProtocol(addr)
        channel.requestFactory = LimitedRequest
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        """HTTP/1.1 alone: the limit is not built for HTTP/2."""
        return [b"http/1.1"]

    def wind_down(self) -> None:
        """Close idle connections, and the others once their present request is answered and flushed."""
        self.stopping = True
        for channel in list(self.channels):
            channel.persistent = 0
            if not channel.requests:
                channel.loseConnection()
