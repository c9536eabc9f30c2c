"""The memory of the web process, with the site as people use it: it does not grow with what is sent."""

import http.client
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.support.images import encoded, textured
from tests.support.waiting import wait_until
from tests.support.web_server import WebServer

pytestmark = pytest.mark.django_db(transaction=True)
MIB = 2**20
CHUNK = 8 * MIB
JPEG = encoded(textured(64, 48), "JPEG")


@pytest.fixture
def server(worker_env: dict[str, str], tmp_path: Path) -> Iterator[WebServer]:
    """The whole site, after its first requests."""
    server = WebServer(tmp_path / "server.log", worker_env, application="")
    yield server
    server.stop()


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return lifecycle.open_batch(owner.id, "Iceland")


class Sender:
    """A signed-in tus client on one connection."""

    def __init__(self, server: WebServer, owner: User, batch: UploadBatch) -> None:
        browser = Client()
        browser.force_login(owner)
        self.always = {"Tus-Resumable": "1.0.0", "Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.batch = batch

    def create(self, name: str, size: int) -> str:
        """Announce a file and return its address."""
        text = f"batch {_base64(str(self.batch.id))},filename {_base64(name)}"
        answer = self.request("POST", "/tus/", {"Upload-Length": str(size), "Upload-Metadata": text})
        assert answer.status == 201
        return str(answer.headers["location"])

    def patch(self, location: str, offset: int, body: bytes) -> int:
        """Send bytes and return the status."""
        return self.request("PATCH", location, patch_headers(offset), body).status

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> http.client.HTTPResponse:
        self.connection.request(method, path, body, self.always | headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer


@pytest.fixture
def sender(server: WebServer, owner: User, batch: UploadBatch) -> Iterator[Sender]:
    sender = Sender(server, owner, batch)
    yield sender
    sender.connection.close()


def patch_headers(offset: int) -> dict[str, str]:
    return {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def head(method: str, path: str, length: int, headers: dict[str, str]) -> bytes:
    """The head of a request whose body is to come."""
    lines = {"Host": "localhost", "Content-Length": str(length), **headers}
    return "\r\n".join([f"{method} {path} HTTP/1.1", *map(": ".join, lines.items()), "", ""]).encode()


def test_file_of_100_mb_grows_the_server_by_less_than_two_and_a_half_chunks(
    server: WebServer, sender: Sender, batch: UploadBatch
) -> None:
    size = 104 * MIB
    sender.patch(sender.create("first.jpg", len(JPEG)), 0, JPEG)
    before = server.memory()

    location = sender.create("large.jpg", size)
    for offset in range(0, size, CHUNK):
        body = JPEG + bytes(CHUNK - len(JPEG)) if offset == 0 else bytes(CHUNK)
        assert sender.patch(location, offset, body) == 204

    assert batch.items.get(filename="large.jpg").upload_id is not None
    assert server.memory() - before < 2.5 * CHUNK


def test_many_slow_clients_are_not_held_in_memory_and_a_quick_one_is_served(
    server: WebServer, sender: Sender, batch: UploadBatch
) -> None:
    clients = 40
    locations = [sender.create(f"slow-{number}.jpg", CHUNK) for number in range(clients)]
    before = server.memory()
    with ExitStack() as open_until_the_end:
        for location in locations:
            slow = open_until_the_end.enter_context(server.connect())
            slow.sendall(head("PATCH", location, CHUNK, sender.always | patch_headers(0)) + bytes(MIB))
        wait_until(lambda: server.unread() == 0 and server.established() > clients, 30)

        status = sender.patch(sender.create("quick.jpg", len(JPEG)), 0, JPEG)

        assert status == 204
        assert server.memory() - before < clients * MIB // 4
    assert batch.items.get(filename="quick.jpg").upload_id is not None


@pytest.mark.parametrize("path", ["/tus/", "/batches/new/", "/accounts/login/"])
def test_gigabyte_of_a_stranger_is_refused_at_the_head(server: WebServer, path: str) -> None:
    before = server.memory()

    with server.connect() as stranger:
        stranger.sendall(head("POST", path, 10**9, {"Content-Type": "multipart/form-data; boundary=x"}))
        received = all_of(stranger)

    assert received.startswith(b"HTTP/1.1 413 ")
    assert server.memory() - before < 20 * MIB


def all_of(connection: socket.socket) -> bytes:
    """What the server says until it closes its side; nothing more is sent to it meanwhile."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received
