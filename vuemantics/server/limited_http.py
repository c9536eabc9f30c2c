"""daphne's HTTP protocol with limits on the size and speed of requests, and on open connections.

By default, daphne passes on only complete bodies, and Twisted parses forms in memory before Django can check the
sender, so one POST of 1 GB would take several GB of memory. Here, a request is refused as soon as its declared length,
or the number of bytes received, exceeds the limit. A large body is also refused unless its sender is signed in or uses
a working guest link. Twisted does not parse forms; only Django does.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.protocol import connectionDone

from vuemantics.server.connection import ClientConnection
from vuemantics.server.deadline import RequestDeadline
from vuemantics.server.limits import SMALL_BODY, Limits, RequestHead
from vuemantics.server.refusal import TOO_SLOW, Refusal

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60


class LimitedRequest(WebRequest):
    """A request whose body never grows past the limits of its channel's factory."""

    def __init__(self, channel: "LimitedChannel", *args: Any, **kwargs: Any) -> None:
        super().__init__(channel, *args, parsePOSTFormSubmission=False, **kwargs)
        self.received = 0
        self.client_ready = channel.client_ready

    def handleContentChunk(self, data: bytes) -> None:
        """Store a part of the body, or refuse the request if the body now exceeds the limit."""
        channel = self.channel
        before, self.received = self.received, self.received + len(data)
        channel.deadline.extend(len(data))
        if channel.refused:
            return
        if self.received > channel.factory.limits.max_body:
            channel.refuse_large()
            return
        super().handleContentChunk(data)
        if before <= SMALL_BODY < self.received:
            channel.check_sender()

    def process(self) -> Any:
        """Pass the request to the application. A connection that becomes a websocket no longer counts as HTTP."""
        channel, transport = self.channel, self.transport
        done = super().process()
        if self.transport is None:
            channel.deadline.close()
            channel.hand_over(transport.protocol)
        return done


class LimitedChannel(ClientConnection):
    """A connection whose requests must arrive in time and stay within the limits."""

    factory: "LimitedFactory"
    deadline: RequestDeadline
    _check: "asyncio.Task[None] | None" = None

    def connectionMade(self) -> None:
        """Create the deadline, which starts with the first byte of a request."""
        self.deadline = RequestDeadline(self.factory.reactor, lambda: self.refuse(TOO_SLOW))
        super().connectionMade()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """Stop everything that waits for the rest of a request."""
        self.deadline.close()
        self._cancel_check()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:
        """Read a part of a request. The deadline begins with the request's first byte."""
        if not self._handlingRequest and not self.refused:
            self.deadline.start_head()
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        """Refuse a body whose Content-Length is too large, before reading it and without sending `100 Continue`."""
        self.deadline.start_body()
        if self.length is not None and self.length > self.factory.limits.max_body:
            self.refuse_large()
        else:
            super().allHeadersReceived()

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """Return whether the connection may stay open for another request; never while the server is stopping."""
        return bool(super().checkPersistence(request, version)) and not self.factory.stopping

    def lineReceived(self, line: bytes) -> None:
        """Read a line of a head, or drop it if the connection was refused."""
        if not self.refused:
            super().lineReceived(line)

    def rawDataReceived(self, data: bytes) -> None:
        """Read a part of a body, or drop it if the request was refused."""
        if not self.refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        """Handle a request with a complete body, unless it was refused."""
        self.deadline.stop()
        self._cancel_check()
        if not self.refused:
            super().allContentReceived()

    def check_sender(self) -> None:
        """Stop reading a body until its sender has been checked, so that strangers cannot fill the disk."""
        if self.factory.limits.check_sender is not None:
            self.transport.pauseProducing()
            self._check = asyncio.ensure_future(self._refuse_strangers(self.factory.limits.check_sender(self.head())))

    async def _refuse_strangers(self, check: Awaitable[Refusal | None]) -> None:
        refusal = await check
        self._check = None
        self.transport.resumeProducing()
        if refusal is not None and not self.refused:
            self.refuse(refusal)

    def _cancel_check(self) -> None:
        if self._check is not None:
            self._check.cancel()
            self._check = None
            self.transport.resumeProducing()

    def head(self) -> RequestHead:
        """Return the client, the path and the headers of the request that the connection is receiving."""
        lines = self.requests[-1].requestHeaders.getAllRawHeaders()
        headers = {name.decode("latin-1").lower(): b",".join(values).decode("latin-1") for name, values in lines}
        path: Any = self._path
        return RequestHead(self.client, path.partition(b"?")[0].decode("latin-1"), headers)

    def refuse_large(self) -> None:
        logger.info("Refused a request of more than %g MiB from %s", self.factory.limits.max_body / 2**20, self.client)
        self.refuse(self.factory.limits.too_large(self.head()))

    def refuse(self, refusal: Refusal) -> None:
        """Send the response and close the connection. The rest of the request is dropped."""
        self.deadline.stop()
        super().refuse(refusal)


class LimitedFactory(HTTPFactory):
    """Creates the connections of a server and enforces its limits."""

    protocol = LimitedChannel

    def __init__(self, server: Any, limits: Limits) -> None:
        super().__init__(server)
        self.timeOut = IDLE_SECONDS
        self.limits = limits
        self.channels: set[LimitedChannel] = set()
        self.stopping = False

    def buildProtocol(self, addr: Any) -> Any:
        channel = super().buildProtocol(addr)
        channel.requestFactory = LimitedRequest
        return channel

    def acceptableProtocols(self) -> list[bytes]:
        """Offer only HTTP/1.1, because the limits are not implemented for HTTP/2."""
        return [b"http/1.1"]

    def close_connections(self) -> None:
        """Close idle connections now, and the others once their current response has been sent."""
        self.stopping = True
        for channel in list(self.channels):
            channel.persistent = 0
            if not channel.requests:
                channel.loseConnection()
