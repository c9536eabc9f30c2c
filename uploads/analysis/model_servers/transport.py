"""Connections to model servers on which a whole request has a time limit.

httpx limits the time of each read and write. A server that sends or accepts a few bytes at a time stays within these
limits, so it could keep a thread waiting for hours.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

from uploads.analysis.model_servers.server_settings import ServerSettings

IDLE_SECONDS = 5.0
"""How long an unused connection stays open."""
# TCP keep-alive: after 2 s without data, probe every 2 s. Without probes, a request to a machine that lost power or its
# network connection would wait for the whole `read_seconds`, even if the machine is back. See tcp(7).
_KEEP_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 5),
]


@cache
def _tls_context() -> ssl.SSLContext:
    """Return one context for all clients, because loading the certificates takes 50 ms."""
    return httpx.create_ssl_context(trust_env=False)


class ModelTransport(httpx.HTTPTransport):
    """A pool of connections to a model server.

    After a request has its connection, sending it and receiving the answer take at most `read_seconds` in total.
    Otherwise, httpx.WriteTimeout or httpx.ReadTimeout is raised.
    """

    def __init__(self, settings: ServerSettings) -> None:
        super().__init__(verify=_tls_context(), trust_env=False)
        # HTTPTransport has no parameter for a network backend, so replace its pool, which has no connections yet.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls_context(),
            max_connections=settings.concurrency,
            keepalive_expiry=IDLE_SECONDS,
            socket_options=_KEEP_ALIVE,
            network_backend=_Backend(settings.read_seconds),
        )


class _Backend(httpcore.SyncBackend):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._seconds)


class _Stream(httpcore.NetworkStream):
    """A connection on which each request, with its answer, takes at most `seconds`.

    A connection transfers one request at a time (HTTP/1.1), so the first write, and every write after a read, begins a
    request. The time limits that httpcore passes for single reads and writes are not needed.
    """

    def __init__(self, stream: httpcore.NetworkStream, seconds: float) -> None:
        self._stream = stream
        self._seconds = seconds
        self._deadline = 0.0
        self._sending = False

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of `buffer`. Raises WriteTimeout and WriteError."""
        if not self._sending:
            self._sending, self._deadline = True, time.monotonic() + self._seconds
        connection, rest = self._stream.get_extra_info("socket"), memoryview(buffer)
        try:
            while rest:
                connection.settimeout(self._left(httpcore.WriteTimeout))
                rest = rest[connection.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes. Raises ReadTimeout and ReadError."""
        self._sending = False
        return self._stream.read(max_bytes, self._left(httpcore.ReadTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the encrypted connection. Raises ConnectTimeout and ConnectError."""
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._seconds)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, expired: type[httpcore.TimeoutException]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise expired(f"not complete within {self._seconds:g} s")
        return left
