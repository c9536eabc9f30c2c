"""`manage.py check_folder`: find out which files of a folder are stored and can therefore be deleted."""

import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from batches import services
from batches.intake.file_name import displayable
from batches.intake.stored_files import SAFE_STATES
from batches.management.local_check import IGNORED, REASONS, FolderReport, check_files, write_csv
from batches.management.walk_files import FileWalk

NOT_ALL, USAGE, INTERRUPTED = 1, 2, 130


class Command(BaseCommand):
    """Print each file that is not safely stored, with the reason, then the number of stored files."""

    help = (
        "Show which files in these folders are stored in a user's library. Nothing is copied or changed. "
        "Exit status: 0 all are stored, 1 some are not or none were compared, 2 invalid argument, 130 Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="a file or a folder")
        parser.add_argument("--owner", required=True, metavar="NAME", help="user name of the library's owner")
        parser.add_argument("--csv", type=Path, metavar="FILE", help="also write a list of all files")

    def handle(self, *args: Any, paths: list[Path], owner: str, csv: Path | None, **options: Any) -> None:
        """Check the files. Raises SystemExit if the exit status is not 0."""
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"No such file or folder: {displayable(', '.join(missing))}", returncode=USAGE)
        user = User.objects.filter(username=owner).first()
        if user is None:
            raise CommandError(f"There is no user “{owner}”.", returncode=USAGE)
        walk = FileWalk(paths, self.stderr.write)
        try:
            report = self._check(user, walk, csv)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except OSError as error:
            raise CommandError(f"The list cannot be written: {error}") from None
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is unavailable: {error}") from None
        self._print_result(report, walk)
        if not report.total or report.stored < report.total:
            sys.exit(NOT_ALL)

    def _check(self, user: User, walk: FileWalk, csv: Path | None) -> FolderReport:
        report = FolderReport()
        with ExitStack() as stack:
            files = check_files(services.owner_scope(user), walk.files())
            if csv:
                files = write_csv(stack.enter_context(csv.open("w", encoding="utf-8-sig", newline="")), files)
            for file in files:
                report.add(file)
                if file.state != IGNORED and file.state not in SAFE_STATES:
                    self.stdout.write(f"{displayable(file.path)}: {REASONS[file.state]}")
        return report

    def _print_result(self, report: FolderReport, walk: FileWalk) -> None:
        self.stdout.write(f"{report.stored} of {report.total} files are stored.")
        if report.oldest_check is not None:
            day = report.oldest_check.date().isoformat()
            self.stdout.write(f"Read back and verified: {report.verified}; the oldest check was on {day}.")
        if report.states[IGNORED]:
            self.stdout.write(f"Ignored (hidden, empty or system files): {report.states[IGNORED]}.")
        if walk.links:
            self.stdout.write(f"Links skipped because they lead out of the folder: {walk.links}.")
