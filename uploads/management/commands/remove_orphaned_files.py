"""`manage.py remove_orphaned_files`: delete files that belong to no picture, left by a crash or a restored backup."""

from argparse import ArgumentParser
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.template.defaultfilters import filesizeformat

from uploads.storage import storage_available
from uploads.storage.orphaned_files import find_orphaned_files


class Command(BaseCommand):
    """Print the name of each orphaned file, and delete the file unless this is a dry run."""

    help = "Delete stored files that belong to no picture and are older than a day. Safe to run at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only list the files")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Scan the storage once. The command can safely be interrupted and run again."""
        if not storage_available():
            raise CommandError("The storage is unavailable, or no file has been stored yet.")
        count = size = 0
        try:
            for file in find_orphaned_files():
                self.stdout.write(file.name)
                if not dry_run:
                    default_storage.delete(file.name)
                count, size = count + 1, size + file.size
        except OSError as error:
            raise CommandError(f"The storage is unavailable: {error}") from None
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is unavailable: {error}") from None
        done = "would be deleted" if dry_run else "deleted"
        self.stdout.write(f"{count} file{'' if count == 1 else 's'}, {filesizeformat(size)}, {done}.")
