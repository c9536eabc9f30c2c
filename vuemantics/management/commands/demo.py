"""`manage.py demo`: the sample photos, described, from nothing to a table."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from batches.engine.lifecycle import open_batch
from batches.engine.liveness import live_workers
from batches.engine.refusals import Refused
from batches.intake.partial_lock import PartialFileBusy
from batches.management.add_files import add_files, rejected_files
from batches.management.progress_bar import failures, follow
from batches.management.walk_files import FoundFile
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from vuemantics.localstack import LocalServices, StartError
from vuemantics.localstack.children import Child
from vuemantics.management.stack import prepare, workers

PROCESSES, THREADS = 1, 2
START_SECONDS = 60.0
STOP_SECONDS = 9.0
MOST_DEATHS = 3
LABELS_SHOWN = 3
WIDTH = 110
INTERRUPTED = 130


class Command(BaseCommand):
    """Describe the sample photos in the running stack, or in one started for the purpose."""

    help = "Describe the sample photos, through the running stack or one of its own. Exit status 0: all were described."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """It takes none."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, show, and stop what was started."""
        services = LocalServices(settings.VAR)
        try:
            prepare(services, self.stdout.write)
            with self._workers() as beside:
                batch = self._describe(beside)
            self._show(batch)
        except StartError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        finally:
            services.stop()
        if batch.successful != batch.total:
            sys.exit(1)

    @contextmanager
    def _workers(self) -> Iterator["Watch"]:
        """Use the workers that live, or run some; gives what watches them. Raises StartError."""
        if live_workers():
            yield Watch(None, self)
            return
        child = workers(PROCESSES, THREADS)
        watch = Watch(child, self)
        try:
            child.start()
            deadline = time.monotonic() + START_SECONDS
            while not live_workers():
                watch()
                if time.monotonic() > deadline:
                    raise StartError(f"No worker was ready within {START_SECONDS:.0f} s.")
                time.sleep(0.1)
            yield watch
        finally:
            child.ask_to_stop()
            child.finish(time.monotonic() + STOP_SECONDS)

    def _describe(self, beside: "Watch") -> UploadBatch:
        photos = sorted((settings.BASE_DIR / "samples").glob("*.jpg"))
        batch = open_batch(_owner().pk, "Sample photos", expected_items=len(photos))
        try:
            add_files(batch, (FoundFile(photo, photo.name) for photo in photos), self.stdout.write)
        except (Refused, PartialFileBusy, OSError) as error:
            raise CommandError(rejected_files(error)) from None
        return follow(batch.id, self.stdout.write, terminal=self.stdout.isatty(), beside=beside)

    def _show(self, batch: UploadBatch) -> None:
        table = Table("Photo", "Description", "Labels", show_lines=True)
        for item in batch.items.select_related("upload").order_by("id"):
            if item.upload is not None:
                labels = [f"{label['name']} {label['score']:.0%}" for label in item.upload.labels[:LABELS_SHOWN]]
                table.add_row(item.filename, item.upload.description, ", ".join(labels))
        console = Console(force_terminal=self.stdout.isatty(), width=WIDTH, markup=False, emoji=False)
        with console.capture() as drawn:
            console.print(table)
        self.stdout.write(drawn.get())
        for line in failures(batch):
            self.stderr.write(line)
        known = batch.items.filter(duplicate=True).count()
        words = f" ({known} were in the library of {batch.owner} already)" if known else f", for {batch.owner}"
        self.stdout.write(f"{batch.successful} of {batch.total} completed{words}.")
        if batch.status == BatchStatus.CANCELLED:
            self.stderr.write("The batch was cancelled.")


class Watch:
    """Keeps the demo's own workers alive while somebody waits for them; does nothing about those of others."""

    def __init__(self, child: Child | None, command: BaseCommand) -> None:
        self.child = child
        self.command = command

    def __call__(self) -> None:
        """Raises StartError when the workers die again and again."""
        if self.child is None:
            return
        if line := self.child.tend():
            self.command.stderr.write(line)
        if self.child.deaths_in_a_row >= MOST_DEATHS:
            raise StartError("The workers do not start: the lines above say why.")


def _owner() -> User:
    """The user demo if there is one, else the first account of an administrator; where there is none, demo is made."""
    demo = User.objects.filter(username="demo").first()
    return demo or User.objects.filter(is_superuser=True).order_by("id").first() or User.objects.create_user("demo")
