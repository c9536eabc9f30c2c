"""`manage.py sweep_files`: remove files that belong to no picture, after a crash or when a backup was put back."""

from argparse import ArgumentParser
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.template.defaultfilters import filesizeformat

from uploads.storage.orphaned_files import OrphanedFile, find_orphaned_files


class Command(BaseCommand):
    """Name each file and remove it."""

    help = "Remove stored files that belong to no picture and are older than a day. Safe while everything runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Look only, or do it."""
        parser.add_argument("--dry-run", action="store_true", help="only list them")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Go through storage once; what is removed stays removed when the command is cut off."""
        count = size = 0
        try:
            for stray in find_orphaned_files():
                self._take(stray, dry_run=dry_run)
                count, size = count + 1, size + stray.size
        except OSError as error:
            raise CommandError(f"The storage does not answer: {error}") from None
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database does not answer: {error}") from None
        done = "would be removed" if dry_run else "removed"
        self.stdout.write(f"{count} file{'' if count == 1 else 's'}, {filesizeformat(size)}, {done}.")

    def _take(self, stray: OrphanedFile, *, dry_run: bool) -> None:
        self.stdout.write(stray.name)
        if not dry_run:
            default_storage.delete(stray.name)
