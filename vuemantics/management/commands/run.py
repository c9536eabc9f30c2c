"""`manage.py run`: run the whole system on one machine until Ctrl-C."""

import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from batches.management.served_address import address_file, served_address
from vuemantics.accounts.first_password import account_without_password, first_password_path
from vuemantics.localstack import LocalServices, StartError
from vuemantics.localstack.ports import check_port_is_free, is_serving, local_host, parse_port
from vuemantics.localstack.supervisor import SupervisedProcess
from vuemantics.management.network import lan_address, network_lines
from vuemantics.management.run_lock import single_run
from vuemantics.management.stack import embedded_servers, prepare_stack, worker_processes

READY_SECONDS = 60.0
STOP_SECONDS = 9.0
POLL_SECONDS = 0.1
SERVERS_POLL_SECONDS = 0.5
MAX_EXITS_AT_START = 3


class Command(BaseCommand):
    """Starts PostgreSQL, Redis, the web server and the workers, restarts any that exit, and stops them at the end."""

    help = "Run everything on this machine: PostgreSQL, Redis, web server and workers. Ctrl-C stops all; data is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --host and --port, the address on which the web server listens."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="listen address; 0.0.0.0 for the network, see VUEMANTICS_HOSTS"
        )
        parser.add_argument("--port", default="8000")

    def handle(self, *args: Any, host: str, port: str, **options: Any) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP."""
        try:
            number = parse_port(port)
            with single_run(settings.VAR, number):
                self._run(host, number)
        except StartError as error:
            raise CommandError(str(error)) from None

    def _run(self, host: str, port: int) -> None:
        self.stop = threading.Event()
        self.processes: list[SupervisedProcess] = []
        self.site = ""
        self.servers_due = 0.0
        self.services = LocalServices(settings.VAR)
        self.embedded = embedded_servers()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            check_port_is_free(host, port)
            prepare_stack(self.services)
            self._start_processes(host, port)
            if self._wait_until_ready(host, port):
                self._announce(f"http://{local_host(host)}:{port}", host, port)
            while not self.stop.wait(POLL_SECONDS):
                self._supervise()
        finally:
            self._shut_down()

    def _on_signal(self, *_: Any) -> None:
        if self.stop.is_set():
            for process in self.processes:
                process.kill()  # the second signal skips the grace period
        self.stop.set()

    def _start_processes(self, host: str, port: int) -> None:
        env = {"VUEMANTICS_LOG_LEVEL": "WARNING"} | os.environ
        command = [sys.executable, "-m", "vuemantics.server", "--host", host, "--port", str(port)]
        server = SupervisedProcess("web server", command, cwd=settings.BASE_DIR, env=env)
        for process in [server, *worker_processes(settings.WORKER_PROCESSES, settings.WORKER_THREADS)]:
            self.processes.append(process)
            process.start()

    def _wait_until_ready(self, host: str, port: int) -> bool:
        """Return True when the web server responds, or False if a signal arrives first. Raises StartError."""
        deadline = time.monotonic() + READY_SECONDS
        while not is_serving(host, port):
            if self.stop.wait(0.1):
                return False
            self._supervise()
            failing = any(process.consecutive_exits >= MAX_EXITS_AT_START for process in self.processes)
            if failing or time.monotonic() > deadline:
                raise StartError("The web server or the workers do not start; see the log lines above.")
        return True

    def _announce(self, site: str, host: str, port: int) -> None:
        self.site = site
        address_file().write_text(site)
        self.stdout.write(f"Vuemantics is ready: {site}/")
        if user := account_without_password():
            link = f"{site}{first_password_path(user)}"
            self.stdout.write(f"First account: user name {user}. Choose its password: {link}")
        connection.close_pool()  # type: ignore[attr-defined]
        for line in network_lines(host, port, settings.ALLOWED_HOSTS, lan_address()):
            self.stdout.write(line)
        self.stdout.write(f"Press Ctrl-C to stop. Pictures and data are kept in {settings.VAR}")
        self.stdout.flush()

    def _supervise(self) -> None:
        for process in self.processes:
            if line := process.supervise():
                self.stderr.write(line)
        if time.monotonic() < self.servers_due:
            return
        self.servers_due = time.monotonic() + SERVERS_POLL_SECONDS
        if self.services.is_running(**self.embedded):
            return
        self.stderr.write("PostgreSQL or Redis has exited; restarting.")
        try:
            self.services.start(**self.embedded)
        except StartError as error:
            self.stderr.write(f"{error}\nTrying again.")

    def _shut_down(self) -> None:
        if self.site and served_address() == self.site:  # not if another run has written its own
            address_file().unlink(missing_ok=True)
        for process in self.processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes:
            process.wait_or_kill(deadline)
        self.services.stop()
