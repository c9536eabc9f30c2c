"""The memory of the web process does not grow with the size of request bodies."""

import http.client
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.support.images import encoded, textured
from tests.support.waiting import wait_until
from tests.support.web_server import Site

pytestmark = pytest.mark.django_db(transaction=True)
MIB = 2**20
CHUNK = 8 * MIB
JPEG = encoded(textured(64, 48), "JPEG")


@pytest.fixture
def server(shared_site: Site) -> Site:
    return shared_site


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return lifecycle.open_batch(owner.id, "Iceland")


class Sender:
    """A signed-in tus client on one connection."""

    def __init__(self, server: Site, owner: User, batch: UploadBatch) -> None:
        browser = Client()
        browser.force_login(owner)
        self.always = {"Tus-Resumable": "1.0.0", "Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=240)
        self.batch = batch

    def create(self, name: str, size: int) -> str:
        """Create an upload and return its URL."""
        text = f"batch {_base64(str(self.batch.id))},filename {_base64(name)}"
        response = self.request("POST", "/tus/", {"Upload-Length": str(size), "Upload-Metadata": text})
        assert response.status == 201
        return str(response.headers["location"])

    def patch(self, location: str, offset: int, body: bytes) -> int:
        return self.request("PATCH", location, patch_headers(offset), body).status

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> http.client.HTTPResponse:
        self.connection.request(method, path, body, self.always | headers)
        response = self.connection.getresponse()
        response.read()
        return response


@pytest.fixture
def sender(server: Site, owner: User, batch: UploadBatch) -> Iterator[Sender]:
    sender = Sender(server, owner, batch)
    yield sender
    sender.connection.close()


def patch_headers(offset: int) -> dict[str, str]:
    return {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def head(method: str, path: str, length: int, headers: dict[str, str]) -> bytes:
    """Return the request line and the headers of a request."""
    lines = {"Host": "localhost", "Content-Length": str(length), **headers}
    return "\r\n".join([f"{method} {path} HTTP/1.1", *map(": ".join, lines.items()), "", ""]).encode()


def test_large_file_needs_less_memory_than_two_and_a_half_chunks(
    server: Site, sender: Sender, batch: UploadBatch
) -> None:
    size = 104 * MIB
    sender.patch(sender.create("first.jpg", len(JPEG)), 0, JPEG)
    before = server.reset_peak_memory()

    location = sender.create("large.jpg", size)
    for offset in range(0, size, CHUNK):
        body = JPEG + bytes(CHUNK - len(JPEG)) if offset == 0 else bytes(CHUNK)
        assert sender.patch(location, offset, body) == 204

    assert batch.items.get(filename="large.jpg").upload_id is not None
    assert server.peak_memory() - before < 2.5 * CHUNK


def test_slow_clients_are_not_buffered_and_do_not_block_others(
    server: Site, sender: Sender, batch: UploadBatch
) -> None:
    clients = 40
    locations = [sender.create(f"slow-{number}.jpg", CHUNK) for number in range(clients)]
    before = server.reset_peak_memory()
    with ExitStack() as connections:
        for location in locations:
            slow = connections.enter_context(server.connect())
            slow.sendall(head("PATCH", location, CHUNK, sender.always | patch_headers(0)) + bytes(MIB))
        wait_until(lambda: server.unread() == 0 and server.established() > clients, 30)

        status = sender.patch(sender.create("quick.jpg", len(JPEG)), 0, JPEG)

        assert status == 204
        assert server.peak_memory() - before < clients * MIB // 4
    assert batch.items.get(filename="quick.jpg").upload_id is not None


@pytest.mark.parametrize("path", ["/tus/", "/batches/new/", "/accounts/login/"])
def test_declared_gigabyte_is_refused_before_it_is_read(server: Site, path: str) -> None:
    before = server.reset_peak_memory()

    with server.connect() as visitor:
        visitor.sendall(head("POST", path, 10**9, {"Content-Type": "multipart/form-data; boundary=x"}))
        received = read_all(visitor)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert server.peak_memory() - before < 20 * MIB


def test_browser_that_declares_too_much_gets_a_page_in_its_language(server: Site) -> None:
    with server.connect() as browser:
        browser.sendall(head("POST", "/batches/new/", 10**9, {"Accept": "text/html", "Accept-Language": "de"}))
        received = read_all(browser).decode()

    assert received.startswith("HTTP/1.1 413 ")
    assert "Content-Type: text/html; charset=utf-8" in received
    assert '<html lang="de">' in received


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes its side of the connection, without sending anything else."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received
