"""The web server reads from the application only as fast as the client reads the response."""

import socket

from tests.support.asgi_probe import LARGE, PIECE
from tests.support.web_server import WebServer

MIB = 2**20


def request_large(connection: socket.socket) -> None:
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


def test_large_response_arrives_complete_and_is_not_buffered(web_server: WebServer) -> None:
    before = web_server.reset_peak_memory()

    with web_server.connect() as connection:
        request_large(connection)
        received = 0
        while chunk := connection.recv(PIECE):
            received += len(chunk)

    assert LARGE < received < LARGE + 1000
    assert web_server.peak_memory() - before < 20 * MIB


def test_client_that_does_not_read_delays_no_other_client(web_server: WebServer) -> None:
    before = web_server.reset_peak_memory()
    with web_server.connect() as connection:
        request_large(connection)
        assert connection.recv(1)

        assert web_server.request("POST", "/anywhere", b"abc")["length"] == 3

    assert web_server.request("POST", "/anywhere", b"abc")["length"] == 3
    assert web_server.peak_memory() - before < 20 * MIB
