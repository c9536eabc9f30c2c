"""`manage.py demo`: process the sample photos and print a table of their descriptions."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from batches.engine.liveness import live_workers
from batches.engine.refusals import Refused
from batches.intake.partial_file import PartialFileBusy
from batches.management.add_files import add_files, stop_reason
from batches.management.progress_bar import failure_lines, follow
from batches.management.walk_files import FoundFile
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from batches.services import open_batch, owner_scope
from vuemantics.localstack import LocalServices, StartError
from vuemantics.management.stack import prepare_stack, worker_processes

THREADS = 2
START_SECONDS = 60.0
STOP_SECONDS = 9.0
MAX_EXITS = 3
LABELS_SHOWN = 3
TABLE_WIDTH = 110
INTERRUPTED = 130


class Command(BaseCommand):
    """Process the sample photos, with temporary workers if none are running."""

    help = "Describe the sample photos and print the result. Exit status 0: all were described."

    def handle(self, *args: Any, **options: Any) -> None:
        """Process the photos and print the table. Stop the servers and workers that this command has started."""
        services = LocalServices(settings.VAR)
        try:
            prepare_stack(services)
            with self._workers() as supervise:
                batch = self._describe(supervise)
            self._print_result(batch)
        except StartError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        finally:
            services.stop()
        if batch.successful != batch.total:
            sys.exit(1)

    @contextmanager
    def _workers(self) -> Iterator[Callable[[], None]]:
        """Start a worker process unless one is running. Yield a function to call often, which restarts it if it exits.

        Raises StartError.
        """
        if live_workers():
            yield lambda: None
            return
        [worker] = worker_processes(1, THREADS)

        def supervise() -> None:
            if line := worker.supervise():
                self.stderr.write(line)
            if worker.consecutive_exits >= MAX_EXITS:
                raise StartError("The workers do not start; see the log lines above.")

        try:
            worker.start()
            deadline = time.monotonic() + START_SECONDS
            while not live_workers():
                supervise()
                if time.monotonic() > deadline:
                    raise StartError(f"No worker was ready after {START_SECONDS:.0f} s.")
                time.sleep(0.1)
            yield supervise
        finally:
            worker.terminate()
            worker.wait_or_kill(time.monotonic() + STOP_SECONDS)

    def _describe(self, supervise: Callable[[], None]) -> UploadBatch:
        photos = sorted((settings.BASE_DIR / "samples").glob("*.jpg"))
        batch = open_batch(owner_scope(_owner()), "Sample photos", expected_items=len(photos))
        try:
            add_files(batch, (FoundFile(photo, photo.name) for photo in photos), self.stdout.write)
        except (Refused, PartialFileBusy, OSError) as error:
            raise CommandError(stop_reason(error)) from None
        return follow(batch.id, self.stdout.write, terminal=self.stdout.isatty(), between_polls=supervise)

    def _print_result(self, batch: UploadBatch) -> None:
        table = Table("Photo", "Description", "Labels", show_lines=True)
        for item in batch.items.select_related("upload").order_by("id"):
            if item.upload is not None:
                labels = [f"{label['name']} {label['score']:.0%}" for label in item.upload.labels[:LABELS_SHOWN]]
                table.add_row(item.filename, item.upload.description, ", ".join(labels))
        console = Console(force_terminal=self.stdout.isatty(), width=TABLE_WIDTH, markup=False, emoji=False)
        with console.capture() as capture:
            console.print(table)
        self.stdout.write(capture.get())
        for line in failure_lines(batch):
            self.stderr.write(line)
        duplicates = batch.duplicates
        note = f" ({duplicates} already in the library)" if duplicates else ""
        self.stdout.write(f"{batch.successful} of {batch.total} completed for {batch.owner}{note}.")
        if batch.status == BatchStatus.CANCELLED:
            self.stderr.write("The import was cancelled.")


def _owner() -> User:
    """Return the user "demo" if it exists, otherwise the first superuser, otherwise a new user "demo"."""
    demo = User.objects.filter(username="demo").first()
    return demo or User.objects.filter(is_superuser=True).order_by("id").first() or User.objects.create_user("demo")
