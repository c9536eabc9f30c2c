"""The web server: `python -m vuemantics.server --host 127.0.0.1 --port 8000`.

This is daphne with the limits of `limited_http.py`. It reports the connection's address as the client's address; Django
evaluates proxy headers if VUEMANTICS_BEHIND_PROXY is set. After SIGTERM, requests in progress get a few seconds to
finish, and WebSocket clients are asked to reconnect.
"""

import argparse
import asyncio
import gc
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from daphne import server as daphne  # must come first, because it installs Twisted's asyncio reactor
from daphne.endpoints import build_endpoint_description_strings
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, CommandError
from django.utils.module_loading import import_string
from twisted.internet.defer import Deferred

from vuemantics.server.error_pages import too_large
from vuemantics.server.limited_http import LimitedFactory, LimitedRequest
from vuemantics.server.limits import Limits
from vuemantics.server.open_connections import OpenConnections, connections_for, raise_descriptor_limit
from vuemantics.server.senders import check_sender

logger = logging.getLogger("vuemantics.server")

GRACE_SECONDS = 5.0
CANCEL_SECONDS = 1.0
BODY_CHUNK_BYTES = 128 * 1024
WRITE_BYTES = 64 * 1024
"""A response is written in pieces of this size. The client has a minute to read each piece (connection.py)."""
SERVICE_RESTART = 1012  # the WebSocket close code (IANA registry) after which htmx reconnects


class Server(daphne.Server):
    """daphne's server with limits and a graceful shutdown."""

    def __init__(self, application: Any, limits: Limits, *, host: str = "127.0.0.1", port: int = 0) -> None:
        endpoints = build_endpoint_description_strings(host=host, port=port)
        super().__init__(application, endpoints=endpoints, request_buffer_size=BODY_CHUNK_BYTES, server_name="")
        self.limited = LimitedFactory(self, limits)
        self.ports: list[Any] = []
        self.failure = ""

    @property
    def http_factory(self) -> LimitedFactory:
        """The factory with limits. The setter does nothing, so that daphne's run() cannot replace it."""
        return self.limited

    @http_factory.setter
    def http_factory(self, _daphne_factory: Any) -> None:
        """Ignore the assignment."""

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """Send a part of a response, and return only when the client has read most of it.

        Otherwise, daphne would buffer a whole large file for a slow client.
        """
        if not isinstance(protocol, LimitedRequest):
            await super().handle_reply(protocol, message)
            return
        for part in _parts(message):
            await super().handle_reply(protocol, part)
            await protocol.client_ready.wait()

    def listen_success(self, port: Any) -> None:
        """Remember the port, so that a shutdown can close it first."""
        super().listen_success(port)
        self.ports.append(port)
        address = port.getHost()
        logger.info("Listening on http://%s:%s", address.host, address.port)

    def listen_error(self, failure: Any) -> None:
        """Remember the error, so that `main` can report it, and stop."""
        self.failure = failure.getErrorMessage()
        self.stop()

    def kill_all_applications(self) -> Deferred[None]:
        """Give requests time to finish, then cancel the remaining ones. daphne calls this before the reactor stops."""
        return Deferred.fromFuture(asyncio.ensure_future(self._shut_down()))

    async def _shut_down(self) -> None:
        for port in self.ports:
            port.stopListening()
        self.limited.close_connections()
        for protocol in list(self.connections):
            if isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN:
                protocol.sendCloseFrame(code=SERVICE_RESTART)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                # Poll, because connections and applications end independently and no single event covers both.
                while self._is_busy():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        remaining = self._running_applications()
        for application in remaining:
            application.cancel()
        if remaining:
            await asyncio.wait(remaining, timeout=CANCEL_SECONDS)

    def _is_busy(self) -> bool:
        return bool(self.limited.channels or self._running_applications())

    def _running_applications(self) -> list["asyncio.Future[Any]"]:
        found = [details.get("application_instance") for details in self.connections.values()]
        return [application for application in found if application is not None and not application.done()]


def _parts(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Split a message with a long body, so that the time limit for reading applies to each part separately."""
    body = message.get("body", b"")
    for start in range(0, len(body) - WRITE_BYTES, WRITE_BYTES):
        yield message | {"body": body[start : start + WRITE_BYTES], "more_body": True}
    sent = max(0, (len(body) - 1) // WRITE_BYTES) * WRITE_BYTES
    yield message | {"body": body[sent:]} if sent else message


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m vuemantics.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--application", help="dotted path of an ASGI application other than ASGI_APPLICATION")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
    try:
        application = import_string(options.application or settings.ASGI_APPLICATION)
        if not options.application:
            BaseCommand().check()  # the same checks that every management command runs
    except (ImproperlyConfigured, CommandError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    server = Server(application, _limits(options.application), host=options.host, port=options.port)
    # Garbage collection then skips what was loaded so far. A full collection would stop the event loop for 50 ms.
    gc.collect()
    gc.freeze()
    server.run()
    if server.failure:
        sys.stderr.write(f"The web server cannot listen on {options.host}:{options.port}: {server.failure}\n")
        return 1
    return 0


def _limits(application: str | None) -> Limits:
    """Return the limits from the settings. Senders are checked unless another `application` is served."""
    most = connections_for(raise_descriptor_limit())
    connections = OpenConnections(most, settings.CONNECTIONS_PER_ADDRESS)
    return Limits(settings.MAX_BODY_BYTES, too_large, None if application else check_sender, connections)
