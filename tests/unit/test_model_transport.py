"""Requests to a model server end in time, even if the server sends or receives only a few bytes at a time."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.model_server import Behaviour, ModelServer, model_server
from uploads.analysis.model_servers import transport
from uploads.analysis.model_servers.client import ModelClient
from uploads.analysis.model_servers.server_settings import ServerSettings
from uploads.errors import EnvironmentalError

pytestmark = pytest.mark.slow

QUESTION = {"model": "bge-m3", "input": "a"}
MIB = 2**20


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as found:
        yield found


@pytest.mark.parametrize(
    "beginning",
    [
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nX-Header: a",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    ],
    ids=["status line", "header", "content"],
)
def test_server_that_sends_a_byte_at_a_time_is_left(server: ModelServer, beginning: bytes) -> None:
    server.behaviour = Behaviour(drip=beginning)
    client = ModelClient(server.settings(read_seconds=0.5), missing="")

    with pytest.raises(EnvironmentalError, match=r"model\.failing.*no answer within 0\.5 s"):
        client.post_once("api/embed", QUESTION)

    assert server.disconnected.acquire(timeout=60)


def read_slowly(listener: socket.socket) -> int:
    """Read less than 4 MiB per second until a client closes its connection; return how many bytes it sent."""
    received, never = 0, threading.Event()
    connection, _address = listener.accept()
    with connection, suppress(ConnectionResetError):
        while data := connection.recv(32 * 1024):
            received += len(data)
            never.wait(0.01)
    return received


def test_server_that_reads_slowly_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        received = thread.submit(read_slowly, listener)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = ModelClient(ServerSettings(url, "", "", 5.0, 1.0, 1), missing="")

        with pytest.raises(EnvironmentalError, match=r"model\.failing.*no answer within 1 s"):
            client.post_once("api/embed", {**QUESTION, "input": "x" * 32 * MIB})

        assert received.result(timeout=60) < 32 * MIB


class Clock:
    """A clock that advances only when a test sets `now`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_each_request_on_a_connection_has_its_own_time(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(transport, "time", clock)
    monkeypatch.setattr(transport, "IDLE_SECONDS", 3600.0)
    client = ModelClient(server.settings(), missing="")

    for now in (0.0, 3600.0):
        clock.now = now
        assert client.post_once("api/embed", QUESTION)

    assert server.connections == 1


def certificate(folder: Path) -> Path:
    """Create a certificate for 127.0.0.1, and return the file with the certificate and its key."""
    file = folder / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "cert.pem").read_text())
    return file


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_encrypted_request_is_answered_or_left_in_time(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(file)
    server.socket = ours.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(transport, "_tls_context", lambda: ssl.create_default_context(cafile=file))
    url = server.url.replace("http:", "https:")

    assert ModelClient(server.settings(url=url), missing="").post_once("api/embed", QUESTION)
    server.behaviour = Behaviour(drip=b"HTTP/1.1 200 OK\r\nX-Header: a")
    with pytest.raises(EnvironmentalError, match=r"model\.failing.*no answer within 0\.5 s"):
        ModelClient(server.settings(url=url, read_seconds=0.5), missing="").post_once("api/embed", QUESTION)

    assert server.disconnected.acquire(timeout=60)


def test_silent_connection_is_probed(server: ModelServer) -> None:
    client = ModelClient(server.settings(), missing="")

    with client._client.stream("POST", "api/embed", json=QUESTION) as response:
        connection = response.extensions["network_stream"].get_extra_info("socket")
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 2
