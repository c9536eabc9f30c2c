"""The web server takes from the application no faster than the client takes from it."""

import socket

from tests.support.asgi_probe import LARGE, PIECE
from tests.support.web_server import WebServer

MIB = 2**20


def ask(connection: socket.socket) -> None:
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


def test_large_answer_arrives_whole_and_is_never_all_in_memory(web_server: WebServer) -> None:
    before = web_server.memory()

    with web_server.connect() as connection:
        ask(connection)
        received = 0
        while piece := connection.recv(PIECE):
            received += len(piece)

    assert LARGE < received < LARGE + 1000
    assert web_server.memory() - before < 20 * MIB


def test_client_that_reads_nothing_delays_nobody_and_may_go(web_server: WebServer) -> None:
    before = web_server.memory()
    with web_server.connect() as connection:
        ask(connection)
        assert connection.recv(1)

        assert web_server.request("POST", "/anywhere", b"abc")["length"] == 3

    assert web_server.request("POST", "/anywhere", b"abc")["length"] == 3
    assert web_server.memory() - before < 20 * MIB
