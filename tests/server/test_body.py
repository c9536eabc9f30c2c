"""The web server's limit on request bodies, with raw sockets against a real process."""

import hashlib
import http.client
import json
import socket

import pytest

from tests.support.web_server import WebServer

MIB = 2**20


def answer(connection: socket.socket) -> bytes:
    """All that the server sends until it closes its side."""
    connection.settimeout(20)
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def head(method: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} /anywhere HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def test_declared_gigabyte_is_refused_at_the_head(web_server: WebServer) -> None:
    before = web_server.memory()

    with web_server.connect() as connection:
        connection.sendall(head("POST", "Content-Length: 1000000000", "Content-Type: multipart/form-data; boundary=x"))
        received = answer(connection)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.endswith(b"This request is larger than the server takes at once (16 MiB).\n")
    assert web_server.memory() - before < 20 * MIB


def test_refused_client_that_goes_on_sending_still_reads_the_answer(web_server: WebServer) -> None:
    before = web_server.memory()

    with web_server.connect() as connection:
        connection.sendall(head("POST", f"Content-Length: {200 * MIB}"))
        for _ in range(40):
            connection.sendall(bytes(MIB))
        received = answer(connection)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert web_server.memory() - before < 20 * MIB


def test_client_that_asks_first_gets_no_continue_for_too_much(web_server: WebServer) -> None:
    with web_server.connect() as connection:
        connection.sendall(head("PUT", "Content-Length: 99000000", "Expect: 100-continue"))
        received = answer(connection)

    assert received.startswith(b"HTTP/1.1 413 ")


def test_client_that_asks_first_may_continue_below_the_limit(web_server: WebServer) -> None:
    with web_server.connect() as connection:
        connection.sendall(head("PUT", "Content-Length: 3", "Expect: 100-continue", "Connection: close"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        received = answer(connection)

    assert json.loads(received.partition(b"\r\n\r\n")[2])["length"] == 3


def test_chunked_body_that_grows_past_the_limit_is_refused(web_server: WebServer) -> None:
    before = web_server.memory()
    chunk = b"100000\r\n" + bytes(MIB) + b"\r\n"

    with web_server.connect() as connection:
        connection.sendall(head("POST", "Transfer-Encoding: chunked"))
        for _ in range(30):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        received = answer(connection)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.count(b"HTTP/1.1") == 1
    assert web_server.memory() - before < 40 * MIB


@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 8 * MIB, 16 * MIB])
def test_body_up_to_the_limit_arrives_whole(web_server: WebServer, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    told = web_server.request("PATCH", "/", body)

    assert told == {"length": size, "sha256": hashlib.sha256(body).hexdigest(), "client": "127.0.0.1"}


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=part", "application/x-www-form-urlencoded"])
def test_form_arrives_as_it_was_sent(web_server: WebServer, kind: str) -> None:
    body = b'--part\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n\x00\xff\r\n--part--\r\n'

    told = web_server.request("POST", "/", body, {"Content-Type": kind})

    assert told["sha256"] == hashlib.sha256(body).hexdigest()


def test_broken_multipart_is_left_to_the_application(web_server: WebServer) -> None:
    told = web_server.request("POST", "/", b"no parts", {"Content-Type": "multipart/form-data; boundary=part"})

    assert told["length"] == 8


def test_connection_serves_one_request_after_another(web_server: WebServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", web_server.port, timeout=10)

    lengths = []
    for size in (1, 200_000, 0, 5):
        connection.request("POST", "/", bytes(size))
        lengths.append(json.loads(connection.getresponse().read())["length"])
    connection.close()

    assert lengths == [1, 200_000, 0, 5]


def test_proxy_headers_are_not_believed(web_server: WebServer) -> None:
    told = web_server.request("POST", "/", b"", {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"})

    assert told["client"] == "127.0.0.1"
