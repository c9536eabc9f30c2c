"""The web server refuses bodies above the limit, and passes others to the application unchanged."""

import hashlib
import http.client
import json
import socket

import pytest

from tests.support.web_server import WebServer

MIB = 2**20


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes its side of the connection."""
    connection.settimeout(60)
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def head(method: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} /anywhere HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def test_declared_gigabyte_is_refused_before_it_is_read(web_server: WebServer) -> None:
    before = web_server.reset_peak_memory()

    with web_server.connect() as connection:
        connection.sendall(head("POST", "Content-Length: 1000000000", "Content-Type: multipart/form-data; boundary=x"))
        received = read_all(connection)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.endswith(b"The request is larger than this server's limit of 16 MiB.\n")
    assert web_server.peak_memory() - before < 20 * MIB


def test_refused_client_that_keeps_sending_receives_the_response(web_server: WebServer) -> None:
    before = web_server.reset_peak_memory()

    with web_server.connect() as connection:
        connection.sendall(head("POST", f"Content-Length: {200 * MIB}"))
        for _ in range(40):
            connection.sendall(bytes(MIB))
        received = read_all(connection)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert web_server.peak_memory() - before < 20 * MIB


def test_expect_continue_over_the_limit_is_refused(web_server: WebServer) -> None:
    with web_server.connect() as connection:
        connection.sendall(head("PUT", "Content-Length: 99000000", "Expect: 100-continue"))
        received = read_all(connection)

    assert received.startswith(b"HTTP/1.1 413 ")


def test_expect_continue_below_the_limit_is_answered(web_server: WebServer) -> None:
    with web_server.connect() as connection:
        connection.sendall(head("PUT", "Content-Length: 3", "Expect: 100-continue", "Connection: close"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        received = read_all(connection)

    assert json.loads(received.partition(b"\r\n\r\n")[2])["length"] == 3


def test_chunked_body_over_the_limit_is_refused(web_server: WebServer) -> None:
    before = web_server.reset_peak_memory()
    chunk = b"100000\r\n" + bytes(MIB) + b"\r\n"

    with web_server.connect() as connection:
        connection.sendall(head("POST", "Transfer-Encoding: chunked"))
        for _ in range(30):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        received = read_all(connection)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.count(b"HTTP/1.1") == 1
    assert web_server.peak_memory() - before < 40 * MIB


@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 8 * MIB, 16 * MIB])
def test_body_up_to_the_limit_arrives_unchanged(web_server: WebServer, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    seen = web_server.request("PATCH", "/", body)

    assert seen == {"length": size, "sha256": hashlib.sha256(body).hexdigest(), "client": "127.0.0.1"}


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=part", "application/x-www-form-urlencoded"])
def test_form_arrives_unparsed(web_server: WebServer, kind: str) -> None:
    body = b'--part\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n\x00\xff\r\n--part--\r\n'

    seen = web_server.request("POST", "/", body, {"Content-Type": kind})

    assert seen["sha256"] == hashlib.sha256(body).hexdigest()


def test_broken_multipart_reaches_the_application(web_server: WebServer) -> None:
    seen = web_server.request("POST", "/", b"no parts", {"Content-Type": "multipart/form-data; boundary=part"})

    assert seen["length"] == 8


def test_connection_is_reused(web_server: WebServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", web_server.port, timeout=60)

    lengths = []
    for size in (1, 200_000, 0, 5):
        connection.request("POST", "/", bytes(size))
        lengths.append(json.loads(connection.getresponse().read())["length"])
    connection.close()

    assert lengths == [1, 200_000, 0, 5]


def test_proxy_headers_do_not_change_the_client_address(web_server: WebServer) -> None:
    seen = web_server.request("POST", "/", b"", {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"})

    assert seen["client"] == "127.0.0.1"
