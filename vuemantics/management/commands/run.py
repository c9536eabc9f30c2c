"""`manage.py run`: the whole system on one machine, until Ctrl-C."""

import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from batches.management.served_address import address_file, served_address
from vuemantics.localstack import LocalServices, StartError
from vuemantics.localstack.children import Child
from vuemantics.localstack.ports import answers, port_number, reachable, refuse_used_port
from vuemantics.management.stack import own_servers, prepare, workers

READY_SECONDS = 60.0
STOP_SECONDS = 9.0
LOOK_SECONDS = 0.5
MOST_DEATHS_AT_START = 3


class Command(BaseCommand):
    """Start the servers, the web server and the workers; keep them alive; stop them all."""

    help = "Run everything on this machine: PostgreSQL, Redis, web server and workers. Ctrl-C stops it; data stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the web server listens."""
        parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: the whole network; see VUEMANTICS_HOSTS")
        parser.add_argument("--port", default="8000")

    def handle(self, *args: Any, host: str, port: str, **options: Any) -> None:
        """Run until a signal."""
        try:
            number = port_number(port)
        except StartError as error:
            raise CommandError(str(error)) from None
        self._run(host, number)

    def _run(self, host: str, port: int) -> None:
        self.stop = threading.Event()
        self.children: list[Child] = []
        self.site = ""
        self.services = LocalServices(settings.VAR)
        self.own = own_servers()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            refuse_used_port(host, port)
            prepare(self.services, self.stdout.write)
            self._start_children(host, port)
            if self._wait_until_ready(host, port):
                self._announce(f"http://{reachable(host)}:{port}", host, port)
            while not self.stop.wait(LOOK_SECONDS):
                self._tend()
        except StartError as error:
            raise CommandError(str(error)) from None
        finally:
            self._end()

    def _on_signal(self, *_: Any) -> None:
        if self.stop.is_set():
            for child in self.children:
                child.kill()  # asked twice: no more patience
        self.stop.set()

    def _start_children(self, host: str, port: int) -> None:
        env = {"VUEMANTICS_LOG_LEVEL": "WARNING"} | os.environ
        command = [sys.executable, "-m", "vuemantics.server", "--host", host, "--port", str(port)]
        server = Child("web server", command, cwd=settings.BASE_DIR, env=env)
        for child in (server, workers(settings.WORKER_PROCESSES, settings.WORKER_THREADS)):
            self.children.append(child)
            child.start()

    def _wait_until_ready(self, host: str, port: int) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while not answers(host, port):
            if self.stop.wait(0.1):
                return False
            self._tend()
            if time.monotonic() > deadline or any(c.deaths_in_a_row >= MOST_DEATHS_AT_START for c in self.children):
                raise StartError("The web server or the workers do not start: the lines above say why.")
        return True

    def _announce(self, site: str, host: str, port: int) -> None:
        self.site = site
        address_file().write_text(site)
        self.stdout.write(f"Vuemantics is ready: {site}/")
        if reachable(host) != host:
            self.stdout.write(f"On the network: http://{socket.gethostname()}:{port}/ for names in VUEMANTICS_HOSTS.")
        self.stdout.write(f"Ctrl-C stops everything; pictures and data stay in {settings.VAR}")
        self.stdout.flush()

    def _tend(self) -> None:
        for child in self.children:
            if line := child.tend():
                self.stderr.write(line)
        if self.services.running(**self.own):
            return
        self.stderr.write("PostgreSQL or Redis has ended; it starts again.")
        try:
            self.services.start(**self.own)
        except StartError as error:
            self.stderr.write(f"{error}\nTrying again.")

    def _end(self) -> None:
        if self.site and served_address() == self.site:  # not that of a run that came after this one
            address_file().unlink(missing_ok=True)
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.finish(deadline)
        self.services.stop()
