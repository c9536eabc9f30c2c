"""WebSockets work, and the web server stops gracefully."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import websockets

from tests.support.waiting import wait_until
from tests.support.web_server import WebServer
from tests.support.worker_processes import ROOT

MakeServer = Callable[[], WebServer]


async def test_websocket_passes_text_both_ways(web_server: WebServer) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{web_server.port}/ws/") as socket:
        for text in ("short", "x" * 500_000):
            await socket.send(text)
            assert await socket.recv() == text


async def test_stop_asks_websockets_to_reconnect_and_ordinary_requests_are_not_logged(make_server: MakeServer) -> None:
    server = make_server()
    server.request("POST", "/", json.dumps({}).encode())
    async with websockets.connect(f"ws://127.0.0.1:{server.port}/ws/") as socket:
        await socket.send("hello")
        await socket.recv()

        server.process.terminate()
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()

    assert socket.close_code == 1012
    assert await asyncio.to_thread(server.process.wait, 20) == 0
    assert server.log.read_text() == ""


def test_stop_lets_a_request_in_progress_finish(make_server: MakeServer) -> None:
    server = make_server()
    seen: list[dict[str, Any]] = []
    requesting = threading.Thread(target=lambda: seen.append(server.request("POST", "/slow", b"abc")))
    requesting.start()
    with server.connect() as idle:
        wait_until(lambda: "The slow request is here." in server.log.read_text() and server.established() >= 2)

        status = server.stop()
        requesting.join()

        assert idle.recv(1) == b""
    assert (status, [one["length"] for one in seen]) == (0, [3])


def test_stop_does_not_wait_for_an_endless_request(make_server: MakeServer) -> None:
    server = make_server()
    with server.connect() as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: server.established() >= 1)

        assert server.stop() == 0


def test_used_port_is_reported(web_server: WebServer) -> None:
    command = [sys.executable, "-m", "vuemantics.server", "--port", str(web_server.port)]
    command += ["--application", "tests.support.asgi_probe.application"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{web_server.port}" in done.stderr
