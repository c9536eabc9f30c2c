"""`manage.py backup DIR`: back up the database, the stored files and the secret key while everything runs."""

import os
import shlex
import stat
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vuemantics.localstack import StartError
from vuemantics.management.backup.database import dump_database, running_database
from vuemantics.management.backup.media import MediaBackup
from vuemantics.management.backup.stamp import DUMP, KEY, MANIFEST, STAMP, check_database, write_stamp

REPORT_SECONDS = 2.0


class Command(BaseCommand):
    """Writes a backup, or updates an earlier one. After an interruption, the same command continues the backup."""

    help = "Back up database, files and secret key to a directory. Safe while everything runs; repeat it to update."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR")

    def handle(self, *args: Any, directory: Path, **options: Any) -> None:
        """Copy the files before and after the dump, so that the backup has every file that the dump refers to."""
        try:
            folder = prepared_folder(directory)
            with running_database(), private_umask():
                self._back_up(folder)
        except (StartError, OSError) as error:
            raise CommandError(str(error)) from None

    def _back_up(self, folder: Path) -> None:
        check_database()
        media = MediaBackup(settings.MEDIA_ROOT, folder / "media", folder / MANIFEST)
        report = progress(self.stdout.write)
        if not settings.S3.bucket:
            media.copy(report)
        dump_database(folder / DUMP)
        if not settings.S3.bucket:
            media.copy(report)
        count = media.finish()
        write_key(folder / KEY, settings.SECRET_KEY)
        write_stamp(folder)
        self.stdout.write(f"Backup complete: {folder} ({count} files, the database, the secret key)")
        if settings.S3.bucket:
            self.stdout.write(f"The files in the bucket {settings.S3.bucket} are not included: copy the bucket.")


def progress(write: Callable[[str], object]) -> Callable[[int], None]:
    """Return a function that takes a number of files and prints it, but at most once every few seconds."""
    due = time.monotonic() + REPORT_SECONDS

    def report(count: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + REPORT_SECONDS
            write(f"{count} files")

    return report


@contextmanager
def private_umask() -> Iterator[None]:
    """Create files and directories without permissions for other users during the `with` block."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def prepared_folder(directory: Path) -> Path:
    """Create the directory, accessible only to its owner.

    Raises StartError if it is used for something else, or if it exists and is accessible to other users.
    """
    folder = directory.resolve()
    for used in (settings.MEDIA_ROOT, settings.PARTIAL_ROOT):
        if folder.is_relative_to(used):
            raise StartError(f"{folder} is inside {used}: choose another directory.")
    known = {STAMP, DUMP, MANIFEST, KEY, "media"}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    foreign = [path.name for path in folder.iterdir() if path.name not in known and not path.name.startswith(".")]
    if foreign:
        raise StartError(f"{folder} contains other files ({foreign[0]}): choose an empty directory.")
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        problem = f"{folder} is accessible to other users, and a backup contains password hashes and the secret key"
        raise StartError(f"{problem}. Run first: chmod 700 {shlex.quote(str(folder))}")
    return folder


def write_key(path: Path, key: str) -> None:
    """Write the secret key, readable only by its owner."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(0o600)
    draft.write_text(key, "utf-8")
    draft.replace(path)
