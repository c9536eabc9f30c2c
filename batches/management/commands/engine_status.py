"""`manage.py engine_status`: print the engine's workers, queue and recoveries, as tables or as JSON for monitoring."""

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

from batches.engine import liveness
from batches.engine.status import EngineStatus, LiveWorker, WorkerFile, read_status

WIDTH = 110
STALLED, UNKNOWN = 1, 2
NO_WORKER = "Files are waiting and no worker is running. Start one, for example with `make run`."
FROZEN = (
    "Files are waiting and no worker has responded for {seconds} seconds. Stop the worker processes and start them"
    " again, for example with `make run`."
)


class Command(BaseCommand):
    """Print the engine's status.

    The exit status is 1 if files are waiting and no running worker responds, and 2 if the database is not available.
    """

    help = "Show workers, queue, circuit breakers and recoveries. Exit status: 0 success, 1 stalled, 2 no database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="json_output", help="print one JSON object instead")

    def handle(self, *args: Any, json_output: bool, **options: Any) -> None:
        """Print the status, and exit with STALLED if the engine is stalled."""
        try:
            status = read_status()
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is not available: {error}", returncode=UNKNOWN) from None
        self.stdout.write(as_json_line(status) if json_output else self._tables(status))
        if status.stalled:
            self.stderr.write(FROZEN.format(seconds=liveness.SILENCE.seconds) if status.workers else NO_WORKER)
            sys.exit(STALLED)

    def _tables(self, status: EngineStatus) -> str:
        console = Console(force_terminal=self.stdout.isatty(), width=WIDTH, markup=False, emoji=False)
        with console.capture() as output:
            console.print(Group(_workers(status), _queue(status), _recoveries(status)))
        return output.get()


def as_json_line(status: EngineStatus) -> str:
    """Return `status` as one JSON object, with a key for each field and for `stalled`. Times are in ISO 8601."""
    return json.dumps(asdict(status) | {"stalled": status.stalled}, cls=DjangoJSONEncoder)


def _workers(status: EngineStatus) -> Table:
    table = Table("Worker", "Host", "Process", "Threads", "Since", "In progress", title="Workers")
    for worker in status.workers:
        since = _moment(worker.since)
        table.add_row(str(worker.id), worker.host, str(worker.pid), str(worker.threads), since, _in_progress(worker))
    return table


def _in_progress(worker: LiveWorker) -> str:
    lines = [f"has not responded since {_moment(worker.last_heartbeat)}"] if worker.frozen else []
    lines += [f"waits ({worker.stall_code}): {worker.stall_message}"] if worker.stall_code else []
    return "\n".join(lines + [_file(file) for file in worker.in_flight]) or "nothing"


def _file(file: WorkerFile) -> str:
    return f"{file.name}: {file.stage or 'starting'}, {file.seconds:.1f} s"


def _queue(status: EngineStatus) -> Table:
    table = Table("", "", title="Queue", show_header=False)
    table.add_row("Files waiting", f"{status.waiting}{' or more' if status.waiting_bounded else ''}")
    table.add_row("Oldest", _moment(status.oldest_waiting))
    table.add_row("In progress", str(status.in_flight))
    table.add_row("Claimed by dead workers", str(len(status.orphaned_files)))
    wake_ups = "Redis is not available" if status.wake_ups is None else str(status.wake_ups)
    table.add_row("Wake-up messages in Redis", wake_ups)
    return table


def _recoveries(status: EngineStatus) -> Table:
    table = Table("Worker", "Host", "Process", "Files recovered", "At", title="Recent recoveries")
    for recovery in status.recoveries:
        worker, pid, files = str(recovery.worker), str(recovery.pid), str(recovery.files)
        table.add_row(worker, recovery.host, pid, files, _moment(recovery.at))
    return table


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else "none"
