"""`manage.py ingest`: files and folders of this machine become a batch."""

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
from batches.intake.partial_lock import PartialFileBusy
from batches.management.add_files import add_files, counted, rejected_files, unfinished_batch
from batches.management.progress_bar import failures, follow
from batches.management.served_address import served_address
from batches.management.walk_files import FileWalk, FoundFile
from batches.models import UploadBatch
from batches.models.batch_name import truncate_name
from batches.models.states import BatchStatus

DEFAULT_SITE = "http://127.0.0.1:8000"
FAILED, USAGE, INTERRUPTED = 1, 2, 130
FIRST = 20
REST = "To add the rest, mend it and run the same command again."


class Command(BaseCommand):
    """Add files, say where to watch them, and follow them on request."""

    help = (
        "Add files or folders of this machine to a batch. Exit status: 0 all well, 1 a file failed, "
        "2 a wrong argument, 130 Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to add, for whom."""
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="a file or a folder")
        parser.add_argument(
            "--owner", required=True, metavar="NAME", help="user name of the person whose files they are"
        )
        parser.add_argument("--name", default="", help="name of the batch (default: that of the first path)")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--batch", type=int, metavar="NUMBER", help="add to this batch")
        where.add_argument(
            "--new", action="store_true", help="begin a new batch, also where an earlier run was cut off in the middle"
        )
        parser.add_argument("--follow", action="store_true", help="show the progress until all is done")
        parser.add_argument(
            "--site", default="", metavar="URL", help="where the pages are (default: where `run` serves)"
        )

    def handle(self, *args: Any, paths: list[Path], owner: str, **options: Any) -> None:
        """Add, then follow; leaves by SystemExit where the exit status is not 0."""
        try:
            walk, first, files = self._files(paths)
            name = truncate_name(displayable(options["name"] or _name(paths)))
            batch = self._batch(first, owner, name, options)
            sealed = self._add(batch, walk, files, options["site"])
            if options["follow"] and sealed:
                batch = self._follow(batch)
        except UploadBatch.DoesNotExist:
            raise CommandError("The batch was deleted meanwhile.") from None
        except OperationalError as error:
            raise CommandError(f"The database does not answer: start it, for example by `make run`.\n{error}") from None
        failed = self._report(batch)
        if failed or walk.missed or not sealed:
            sys.exit(FAILED)

    def _files(self, paths: list[Path]) -> tuple[FileWalk, list[FoundFile], Iterator[FoundFile]]:
        """Returns the walk, the first few files, and all of them, of which none is looked for before its turn."""
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            words = displayable(", ".join(missing))
            raise CommandError(f"There is no such file or folder: {words}", returncode=USAGE)
        walk = FileWalk(paths, self.stderr.write)
        files = walk.files()
        first = list(itertools.islice(files, FIRST))
        if not first:
            raise CommandError(f"There are no files in {displayable(', '.join(map(str, paths)))}.", returncode=USAGE)
        return walk, first, itertools.chain(first, files)

    def _batch(self, first: list[FoundFile], owner: str, name: str, options: dict[str, Any]) -> UploadBatch:
        user = User.objects.filter(username=owner).first()
        if user is None:
            words = f"There is no user “{owner}”. `manage.py createsuperuser` or the admin makes one."
            raise CommandError(words, returncode=USAGE)
        if options["batch"] is None:
            left = None if options["new"] else unfinished_batch(user.pk, name, first)
            return left or services.open_batch(services.owner_scope(user), name)
        batch = UploadBatch.objects.filter(id=options["batch"], owner=user).first()
        if batch is None:
            raise CommandError(f"{owner} has no batch {options['batch']}.", returncode=USAGE)
        return batch

    def _add(self, batch: UploadBatch, walk: FileWalk, files: Iterator[FoundFile], site: str) -> bool:
        """Returns whether the batch was sealed; one that was not waits for the rest, and nothing is to be followed."""
        site = site or served_address() or DEFAULT_SITE
        again = f", which has {counted(batch.total)}" if batch.total else ""
        self.stdout.write(f"Batch {batch.id}{again}: {site.rstrip('/')}{reverse('batch-detail', args=[batch.id])}")
        try:
            tally = add_files(batch, files, self.stdout.write)
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was added stays and is processed. To add the rest, run the same command.")
            sys.exit(INTERRUPTED)
        except BatchClosed as closed:
            self.stderr.write(closed.message)
            return False
        except Refused as refusal:
            self.stderr.write(f"{refusal.message}\nWhat was added stays and is processed. {REST}")
            return False
        except (PartialFileBusy, OSError) as error:
            raise CommandError(f"{rejected_files(error)} {REST}") from None
        self.stdout.write(f"{tally.words(f' to “{batch.name}”')}.")
        if walk.links:
            self.stdout.write(f"Links left out, because they lead out of the folder: {walk.links}.")
        return True

    def _follow(self, batch: UploadBatch) -> UploadBatch:
        try:
            return follow(batch.id, self.stdout.write, terminal=self.stdout.isatty())
        except KeyboardInterrupt:
            self.stderr.write("No longer following. The batch goes on by itself; its page shows how far it is.")
            sys.exit(INTERRUPTED)

    def _report(self, batch: UploadBatch) -> int:
        """Says what failed and why; returns how many files did or were dropped."""
        batch.refresh_from_db()
        if batch.status == BatchStatus.CANCELLED:
            self.stderr.write("The batch was cancelled.")
        if batch.status == BatchStatus.COMPLETED:
            self.stdout.write(f"{batch.successful} of {batch.total} completed.")
        if batch.failed:
            self.stderr.write(f"{batch.failed} failed:")
            for line in failures(batch):
                self.stderr.write(line)
        return batch.failed + batch.cancelled


def _name(paths: list[Path]) -> str:
    """The first path's name, and how many more there are."""
    first = paths[0].resolve().name or "Files"
    return f"{first} and {len(paths) - 1} more" if len(paths) > 1 else first
