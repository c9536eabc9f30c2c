"""`manage.py export`: copy a user's library into plain folders."""

import json
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.template.defaultfilters import filesizeformat

from uploads.errors import EnvironmentalError
from uploads.export.library_export import ExportedFile, bytes_needed, export_library
from uploads.export.manifest import NAME as MANIFEST
from uploads.export.manifest import Manifest

NOT_ALL, USAGE, INTERRUPTED = 1, 2, 130
REPORT_SECONDS = 5.0
SUMMARY = "export.json"
RUN_AGAIN = "Run the same command again to copy the rest."


class Command(BaseCommand):
    """Export a library, and report files that cannot be exported."""

    help = (
        "Copy a user's originals into folders by year and month, with XMP and JSON sidecars and a manifest. A run that "
        "was interrupted continues. Exit status: 0 success, 1 a file could not be copied, 2 invalid argument, "
        "130 Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--owner", required=True, metavar="NAME", help="user name of the library's owner")
        parser.add_argument(
            "--to", required=True, type=Path, metavar="DIR", help="an empty folder or an earlier export"
        )

    def handle(self, *args: Any, owner: str, to: Path, **options: Any) -> None:
        """Run the command.

        Raises SystemExit if a file failed or the user pressed Ctrl-C, and CommandError if the export cannot start or
        continue.
        """
        user = User.objects.filter(username=owner).first()
        if user is None:
            raise CommandError(f"There is no user “{owner}”.", returncode=USAGE)
        try:
            _prepare(to, owner)
            with Manifest(to) as manifest:
                _require_space(to, bytes_needed(user.pk, manifest))
                failed = self._report(export_library(user.pk, to, manifest), to)
                manifest.tidy()
            _write_summary(to, owner, files=len(manifest), failed=failed)
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped. {RUN_AGAIN}")
            sys.exit(INTERRUPTED)
        except EnvironmentalError as error:
            raise CommandError(f"The storage is unavailable: {error.message} {RUN_AGAIN}") from None
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is unavailable: {error}") from None
        except OSError as error:
            raise CommandError(f"{to} cannot be written: {error.strerror}. {RUN_AGAIN}") from None
        if failed:
            sys.exit(NOT_ALL)

    def _report(self, files: Iterator[ExportedFile], to: Path) -> int:
        """Print the progress and each file that could not be copied. Return the number of these files."""
        copied = present = failed = size = 0
        reported = time.monotonic()
        for file in files:
            if file.problem:
                failed += 1
                self.stderr.write(f"{file.upload.filename} ({file.upload.id}): {file.problem}")
            elif file.copied:
                copied, size = copied + 1, size + file.upload.size
            else:
                present += 1
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                self.stdout.write(f"{copied} copied ({filesizeformat(size)}) …")
        os.sync()
        self.stdout.write(
            f"{copied} copied and verified ({filesizeformat(size)}), {present} copied earlier, {failed} failed: {to}"
        )
        return failed


def _prepare(folder: Path, owner: str) -> None:
    """Create the folder, or check that it is empty or contains this owner's export. Raises CommandError, OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    summary = folder / SUMMARY
    if summary.exists():
        if json.loads(summary.read_text()).get("owner") != owner:
            raise CommandError(f"{folder} contains another user's export. Choose another folder.", returncode=USAGE)
    elif any(folder.iterdir()):
        raise CommandError(f"{folder} is not empty. Choose an empty folder or an earlier export.", returncode=USAGE)
    else:
        _write_summary(folder, owner, files=0, failed=0)


def _write_summary(folder: Path, owner: str, *, files: int, failed: int) -> None:
    content = {"owner": owner, "files": files, "failed": failed, "checksums": MANIFEST}
    draft = folder / f".{SUMMARY}.partial"
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    draft.replace(folder / SUMMARY)


def _require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise CommandError(
            f"The disk is too small: the files need {filesizeformat(needed)}, but {folder} has only "
            f"{filesizeformat(free)} of free space. Nothing was copied."
        )
