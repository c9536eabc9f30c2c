"""`manage.py ingest`: add local files and folders to a batch."""

import itertools
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.urls import reverse

from batches import services
from batches.engine.refusals import BatchClosed, Refused
from batches.intake.file_name import displayable
from batches.intake.partial_file import PartialFileBusy
from batches.management.add_files import Tally, add_files, file_count, stop_reason, unfinished_batch
from batches.management.progress_bar import failure_lines, follow
from batches.management.served_address import served_address
from batches.management.walk_files import FileWalk, FoundFile
from batches.models import UploadBatch
from batches.models.batch_name import truncate_name
from batches.models.states import BatchStatus

DEFAULT_SITE = "http://127.0.0.1:8000"
FAILED, USAGE, INTERRUPTED = 1, 2, 130
FIRST_FILES = 20
ADD_REST = "To add the rest, fix the problem and run the same command again."


class Command(BaseCommand):
    """Add files to a batch, print the address of its page, and optionally show the progress."""

    help = (
        "Import files or folders from this machine. Exit status: 0 success, 1 a file failed or a file, folder or link "
        "could not be read, 2 invalid argument, 130 Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="a file or a folder")
        parser.add_argument("--owner", required=True, metavar="NAME", help="user name of the files' owner")
        parser.add_argument("--name", default="", help="name of the import (default: the name of the first path)")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--batch", type=int, metavar="NUMBER", help="add to this import")
        where.add_argument(
            "--new", action="store_true", help="start a new import, even if an earlier run was interrupted"
        )
        parser.add_argument("--follow", action="store_true", help="show the progress until all files are processed")
        parser.add_argument("--site", default="", metavar="URL", help="address of the site (default: that of `run`)")

    def handle(self, *args: Any, paths: list[Path], owner: str, **options: Any) -> None:
        """Add the files, and show the progress if requested. Raises SystemExit if the exit status is not 0."""
        try:
            walk, first, files = self._files(paths)
            name = truncate_name(displayable(options["name"] or _name(paths)))
            try:
                batch = self._batch(first, owner, name, options)
            except Refused as refused:
                raise CommandError(refused.message) from None
            tally = self._add(batch, walk, files, options["site"])
            if options["follow"] and tally:
                batch = self._follow(batch)
        except UploadBatch.DoesNotExist:
            raise CommandError("The import was deleted in the meantime.") from None
        except OperationalError as error:
            message = f"The database is not available. Start it, for example with `make run`.\n{error}"
            raise CommandError(message) from None
        failed = self._report(batch)
        if failed or not tally or tally.unreadable:
            sys.exit(FAILED)

    def _files(self, paths: list[Path]) -> tuple[FileWalk, list[FoundFile], Iterator[FoundFile]]:
        """Return the walk, its first few files, and a lazy iterator over all files."""
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {displayable(', '.join(missing))}", returncode=USAGE)
        walk = FileWalk(paths, self.stderr.write)
        files = walk.files()
        first = list(itertools.islice(files, FIRST_FILES))
        if not first:
            raise CommandError(f"There are no files in {displayable(', '.join(map(str, paths)))}.", returncode=USAGE)
        return walk, first, itertools.chain(first, files)

    def _batch(self, first: list[FoundFile], owner: str, name: str, options: dict[str, Any]) -> UploadBatch:
        user = User.objects.filter(username=owner).first()
        if user is None:
            message = f"There is no user “{owner}”. Create one in the admin or with `manage.py createsuperuser`."
            raise CommandError(message, returncode=USAGE)
        scope = services.owner_scope(user)
        if options["batch"] is None:
            unfinished = None if options["new"] else unfinished_batch(scope, name, first)
            return unfinished or services.open_batch(scope, name)
        try:
            return scope.find_batch(options["batch"])
        except services.NotFound:
            raise CommandError(f"{owner} has no import {options['batch']}.", returncode=USAGE) from None

    def _add(self, batch: UploadBatch, walk: FileWalk, files: Iterator[FoundFile], site: str) -> Tally | None:
        """Add the files and seal the batch. Return None if it could not be sealed.

        An unsealed batch waits for the rest of its files, so the caller must not wait for it to complete.
        """
        site = site or served_address() or DEFAULT_SITE
        existing = f" ({file_count(batch.total)} so far)" if batch.total else ""
        self.stdout.write(f"Import {batch.id}{existing}: {site.rstrip('/')}{reverse('batch-detail', args=[batch.id])}")
        try:
            tally = add_files(batch, files, self.stdout.write)
        except KeyboardInterrupt:
            self.stderr.write(
                "Stopped. The files added so far will be processed. Run the same command again to add the rest."
            )
            sys.exit(INTERRUPTED)
        except BatchClosed as closed:
            self.stderr.write(closed.message)
            return None
        except Refused as refused:
            self.stderr.write(f"{stop_reason(refused)}\nThe files added so far will be processed. {ADD_REST}")
            return None
        except (PartialFileBusy, OSError) as error:
            raise CommandError(f"{stop_reason(error)} {ADD_REST}") from None
        self.stdout.write(f"{tally.summary(f' to “{batch.name}”')}.")
        if walk.links:
            self.stdout.write(f"Links skipped because they lead out of the folder: {walk.links}.")
        return tally

    def _follow(self, batch: UploadBatch) -> UploadBatch:
        try:
            return follow(batch.id, self.stdout.write, terminal=self.stdout.isatty())
        except KeyboardInterrupt:
            self.stderr.write("Stopped following. Processing continues; the page of the import shows the progress.")
            sys.exit(INTERRUPTED)

    def _report(self, batch: UploadBatch) -> int:
        """Print the result and the failures; return how many files failed or were cancelled."""
        batch.refresh_from_db()
        if batch.status == BatchStatus.CANCELLED:
            self.stderr.write("The import was cancelled.")
        if batch.status == BatchStatus.COMPLETED:
            self.stdout.write(f"{batch.successful} of {batch.total} completed.")
        if batch.failed:
            self.stderr.write(f"{batch.failed} failed:")
            for line in failure_lines(batch):
                self.stderr.write(line)
        return batch.failed + batch.cancelled


def _name(paths: list[Path]) -> str:
    """Return the name of the first path and, if there are more paths, how many."""
    first = paths[0].resolve().name or "Files"
    return f"{first} and {len(paths) - 1} more" if len(paths) > 1 else first
