"""The web server: `python -m vuemantics.server --host 127.0.0.1 --port 8000`.

daphne behind the body limit of `vuemantics.server.body_limit`. The client that it tells of is who holds the connection; what a
proxy says in headers is for Django, with VUEMANTICS_BEHIND_PROXY. On SIGTERM requests in flight get a few seconds,
websockets are told to come back.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from daphne import server as daphne  # first of all: it installs Twisted's asyncio reactor
from daphne.endpoints import build_endpoint_description_strings
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, CommandError
from django.utils.module_loading import import_string
from twisted.internet.defer import Deferred

from vuemantics.server.body_limit import LimitedFactory, LimitedRequest
from vuemantics.server.error_pages import too_large

logger = logging.getLogger("vuemantics.server")

GRACE_SECONDS = 5.0
CANCEL_SECONDS = 1.0
BODY_PIECE = 128 * 1024
SERVICE_RESTART = 1012  # RFC 6455's registry: browsers and htmx connect again


class Server(daphne.Server):
    """daphne's server with the body limit and an orderly stop."""

    def __init__(self, application: Any, *, host: str, port: int, max_body: int) -> None:
        endpoints = build_endpoint_description_strings(host=host, port=port)
        super().__init__(application, endpoints=endpoints, request_buffer_size=BODY_PIECE, server_name="")
        self.limited = LimitedFactory(self, max_body, too_large)
        self.ports: list[Any] = []
        self.failure = ""

    @property
    def http_factory(self) -> LimitedFactory:
        """Ours, whatever daphne's run() would like to put here: it takes no factory from outside."""
        return self.limited

    @http_factory.setter
    def http_factory(self, _of_daphne: Any) -> None:
        """Leave ours in place."""

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """Pass a piece of an answer on, and let the application go on once the client has taken most of it.

        daphne alone would take a whole film from the application and keep it in memory for a slow client.
        """
        await super().handle_reply(protocol, message)
        if isinstance(protocol, LimitedRequest):
            await protocol.flowing.wait()

    def listen_success(self, port: Any) -> None:
        """Remember the port, to close it first on a stop."""
        super().listen_success(port)
        self.ports.append(port)
        address = port.getHost()
        logger.info("Listening on http://%s:%s", address.host, address.port)

    def listen_error(self, failure: Any) -> None:
        """Keep the reason for the exit status."""
        self.failure = failure.getErrorMessage()
        self.stop()

    def kill_all_applications(self) -> Deferred[None]:
        """Before the reactor stops: let requests in flight end, then cancel what is left."""
        return Deferred.fromFuture(asyncio.ensure_future(self._wind_down()))

    async def _wind_down(self) -> None:
        for port in self.ports:
            port.stopListening()
        self.limited.wind_down()
        for protocol in list(self.connections):
            if isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN:
                protocol.sendCloseFrame(code=SERVICE_RESTART)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                # Connections and applications end in their own ways: no one event says so.
                while self._busy():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        left = self._applications()
        for application in left:
            application.cancel()
        if left:
            await asyncio.wait(left, timeout=CANCEL_SECONDS)

    def _busy(self) -> bool:
        return bool(self.limited.channels or self._applications())

    def _applications(self) -> list["asyncio.Future[Any]"]:
        found = [details.get("application_instance") for details in self.connections.values()]
        return [application for application in found if application is not None and not application.done()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m vuemantics.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--application", help="dotted path of another ASGI application than the setting's")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
    try:
        application = import_string(options.application or settings.ASGI_APPLICATION)
        if not options.application:
            BaseCommand().check()  # the checks of the settings, as every command makes them
    except (ImproperlyConfigured, CommandError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    server = Server(application, host=options.host, port=options.port, max_body=settings.MAX_BODY_BYTES)
    server.run()
    if server.failure:
        sys.stderr.write(f"The web server cannot listen on {options.host}:{options.port}: {server.failure}\n")
        return 1
    return 0
