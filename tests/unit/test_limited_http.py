"""The server refuses slow requests and large anonymous bodies, and closes connections that read too slowly."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tests.support.asgi_probe import application
from vuemantics.server.connection import LINGER_SECONDS, WRITE_SECONDS
from vuemantics.server.daphne_server import Server
from vuemantics.server.deadline import BODY_SECONDS, HEAD_SECONDS
from vuemantics.server.limited_http import IDLE_SECONDS, LimitedChannel
from vuemantics.server.limits import SMALL_BODY, Limits, RequestHead
from vuemantics.server.open_connections import OpenConnections
from vuemantics.server.refusal import Refusal

MIB = 2**20
STRANGER = Refusal(HTTPStatus.UNAUTHORIZED, "auth.required: Sign in.")


class Transport(StringTransport):
    """The transport of one connection, which keeps what the server sends."""

    aborted = False

    def sent(self) -> bytes:
        """Return what the server has sent so far."""
        sent: bytes = self.value()  # type: ignore[no-untyped-call]
        return sent

    def loseWriteConnection(self) -> None:
        """Do nothing. A real transport would close only the server's side."""

    def abortConnection(self) -> None:
        self.aborted = True

    def unregisterProducer(self) -> None:
        """Unregister the producer. As in a real transport, it is not an error if there is none."""
        self.producer = None

    def reads(self) -> bool:
        """Return whether the server reads from the client."""
        return self.producerState == "producing"


@dataclass
class Connection:
    """A connection to a server whose clock the test advances."""

    clock: Clock
    transport: Transport
    channel: LimitedChannel

    def send(self, data: bytes) -> bytes:
        """Send bytes, and return everything the server has sent so far."""
        self.channel.dataReceived(data)
        return self.transport.sent()


async def check_sender(head: RequestHead) -> Refusal | None:
    """Accept large bodies only from Anna's session."""
    return None if head.headers.get("cookie") == "sessionid=anna" else STRANGER


@pytest.fixture
def connection() -> Iterator[Connection]:
    clock = Clock()
    limits = Limits(MIB, lambda head: STRANGER, check_sender, OpenConnections(10, 10))
    server = Server(application, limits)
    server.connections = {}
    factory = server.limited
    factory.reactor = clock
    channel = factory.buildProtocol(None)
    transport = Transport(peerAddress=IPv4Address("TCP", "203.0.113.7", 1234))  # type: ignore[no-untyped-call]
    channel.makeConnection(transport)
    yield Connection(clock, transport, channel)
    channel.connectionLost()
    assert not clock.getDelayedCalls()


def test_head_that_arrives_too_slowly_is_refused_and_closed(connection: Connection) -> None:
    for byte in b"GET /anywhere HTTP/1.1 ":
        connection.send(bytes([byte]))
        connection.clock.pump([1, 1])

    assert connection.transport.sent().startswith(b"HTTP/1.1 408 ")
    connection.clock.advance(LINGER_SECONDS)
    assert connection.transport.aborted


def test_body_that_arrives_too_slowly_is_refused(connection: Connection) -> None:
    connection.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
    connection.clock.pump([1] * int(BODY_SECONDS - 1))
    assert not connection.send(b"x")

    connection.clock.pump([1, 1])

    assert connection.transport.sent().startswith(b"HTTP/1.1 408 ")


def test_idle_connection_may_wait_longer_than_a_head_may_take(connection: Connection) -> None:
    connection.clock.advance(HEAD_SECONDS + 1)
    assert not connection.transport.disconnecting

    connection.clock.advance(IDLE_SECONDS)

    assert connection.transport.disconnecting


def test_client_that_does_not_read_is_closed_after_a_minute(connection: Connection) -> None:
    connection.channel.pauseProducing()
    connection.clock.advance(WRITE_SECONDS - 1)
    assert not connection.transport.aborted

    connection.clock.advance(1)

    assert connection.transport.aborted


def test_client_that_reads_in_time_stays_connected(connection: Connection) -> None:
    connection.channel.pauseProducing()
    connection.clock.advance(WRITE_SECONDS - 1)
    connection.channel.resumeProducing()

    connection.clock.advance(WRITE_SECONDS - 1)

    assert not connection.transport.aborted


def test_connection_closed_by_the_server_is_closed_even_if_the_client_does_not_read(connection: Connection) -> None:
    connection.channel.loseConnection()

    connection.clock.advance(WRITE_SECONDS)

    assert connection.transport.aborted


@pytest.mark.parametrize("length", [b"Content-Length: 500000", b"Transfer-Encoding: chunked"])
async def test_large_anonymous_body_is_refused_before_more_is_read(connection: Connection, length: bytes) -> None:
    connection.send(b"POST /tus/ HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n")
    connection.send((b"f4240\r\n" if b"chunked" in length else b"") + bytes(SMALL_BODY + 1))
    assert not connection.transport.reads()

    for _ in range(3):
        await asyncio.sleep(0)

    assert connection.transport.sent().startswith(b"HTTP/1.1 401 ")
    assert connection.channel.requests[0].content.tell() <= SMALL_BODY + 10


async def test_large_body_of_a_signed_in_client_is_read(connection: Connection) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid=anna\r\nContent-Length: 500000\r\n\r\n"
    connection.send(head + bytes(SMALL_BODY + 1))
    assert not connection.transport.reads()

    for _ in range(3):
        await asyncio.sleep(0)

    assert connection.transport.reads()
    assert not connection.send(bytes(1000))
