"""`manage.py engine_status`: who works, what waits, what is away; a table for people, JSON for monitoring."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from rich.console import Console, Group
from rich.table import Table

from batches.engine.status import EngineStatus, LiveWorker, WorkerFile, read_status

WIDTH = 110
STALLED, UNKNOWN = 1, 2


class Command(BaseCommand):
    """Show the engine once. Exit status 1: files wait and no worker lives. 2: the database does not answer."""

    help = "Show workers, queue, breakers and recoveries. Exit status 1: files wait and no worker runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A table, or one JSON object."""
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object instead")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        """Look and print."""
        try:
            status = read_status()
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database does not answer: {error}", returncode=UNKNOWN) from None
        self.stdout.write(as_line(status) if as_json else self._drawn(status))
        if status.stalled:
            self.stderr.write("Files wait and no worker is running: start one, for example by `make run`.")
            sys.exit(STALLED)

    def _drawn(self, status: EngineStatus) -> str:
        console = Console(force_terminal=self.stdout.isatty(), width=WIDTH, markup=False, emoji=False)
        with console.capture() as drawn:
            console.print(Group(_workers(status), _facts(status), _recoveries(status)))
        return drawn.get()


def as_line(status: EngineStatus) -> str:
    """Return the status as one JSON object; its keys are the fields, times are in ISO 8601."""
    return json.dumps(asdict(status) | {"stalled": status.stalled}, cls=DjangoJSONEncoder)


def _workers(status: EngineStatus) -> Table:
    table = Table("Worker", "Host", "Process", "Threads", "Since", "In hand", title="Workers")
    for worker in status.workers:
        since = _moment(worker.since)
        table.add_row(str(worker.id), worker.host, str(worker.pid), str(worker.threads), since, _hand(worker))
    return table


def _hand(worker: LiveWorker) -> str:
    lines = [f"waits ({worker.stall_code}): {worker.stall_message}"] if worker.stall_code else []
    return "\n".join(lines + [_file(file) for file in worker.in_flight]) or "nothing"


def _file(file: WorkerFile) -> str:
    return f"{file.name}: {file.stage or 'beginning'}, {file.seconds:.1f} s"


def _facts(status: EngineStatus) -> Table:
    table = Table("", "", title="Queue", show_header=False)
    table.add_row("Files waiting", f"{status.waiting}{' or more' if status.waiting_bounded else ''}")
    table.add_row("Oldest", _moment(status.oldest_waiting))
    table.add_row("In hand", str(status.in_flight))
    table.add_row("In the hand of dead workers", str(len(status.orphaned_files)))
    table.add_row("Bells in Redis", "Redis does not answer" if status.wake_ups is None else str(status.wake_ups))
    return table


def _recoveries(status: EngineStatus) -> Table:
    table = Table("Worker", "Host", "Process", "Files taken back", "At", title="Recent recoveries")
    for each in status.recoveries:
        table.add_row(str(each.worker), each.host, str(each.pid), str(each.files), _moment(each.at))
    return table


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else "none"
