"""The web server limits its open connections and responds with 503 before it runs out of file descriptors."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from tests.support.web_server import WebServer

DESCRIPTORS = 200


@pytest.fixture
def small_server(tmp_path: Path, all_services: object) -> Iterator[WebServer]:
    """A server that may open only DESCRIPTORS files at a time."""
    server = WebServer(tmp_path / "server.log", prefix=["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"])
    yield server
    server.stop()


@contextmanager
def connections(server: WebServer, count: int, network: str) -> Iterator[list[socket.socket]]:
    """Open `count` connections, each from a different address of the loopback network `network`."""
    with ExitStack() as stack:
        made = []
        for number in range(1, count + 1):
            source = (f"{network}.{number}", 0)
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=source)
            made.append(stack.enter_context(connection))
        yield made


def answer(connection: socket.socket) -> bytes:
    """Send a request and return the first bytes of the response."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection.recv(100)


def test_server_without_descriptors_answers_that_it_is_busy(small_server: WebServer) -> None:
    with connections(small_server, 100, "127.0.2") as opened:
        assert answer(opened[0]).startswith(b"HTTP/1.1 200 ")
        assert opened[-1].recv(100).startswith(b"HTTP/1.1 503 ")

    wait_until(lambda: small_server.established() == 0, 60)
    assert small_server.request("POST", "/", b"abc")["length"] == 3
    assert "Too many open files" not in small_server.log.read_text()


def test_connections_of_one_address_are_limited(web_server: WebServer) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(web_server.connect()) for _ in range(101)]

        assert opened[-1].recv(100).startswith(b"HTTP/1.1 503 ")
        with connections(web_server, 1, "127.0.2") as [other]:
            assert answer(other).startswith(b"HTTP/1.1 200 ")
