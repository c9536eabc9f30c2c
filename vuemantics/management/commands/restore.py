"""`manage.py restore DIR`: restore a backup into an empty installation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from uploads.storage import prepare_storage
from vuemantics import environment
from vuemantics.localstack import StartError
from vuemantics.management.backup.database import check_database_is_empty, restore_database, running_database
from vuemantics.management.backup.media import restore_media
from vuemantics.management.backup.stamp import DUMP, KEY, MANIFEST, check_server, check_stamp
from vuemantics.management.commands.backup import progress, write_key


class Command(BaseCommand):
    """Restores the files first, then the database in one transaction, so an interrupted restore can be repeated."""

    help = "Restore a backup into an empty installation of the same version. Repeat it if it was interrupted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR")

    def handle(self, *args: Any, directory: Path, **options: Any) -> None:
        """Restore the backup, after checking its stamp, the partial files, the database and the server's version."""
        folder = directory.resolve()
        try:
            check_stamp(folder)
            _check_no_partial_files()
            with running_database():
                self._restore(folder)
        except (StartError, OSError) as error:
            raise CommandError(str(error)) from None

    def _restore(self, folder: Path) -> None:
        check_database_is_empty()
        check_server(folder)
        report = progress(self.stdout.write)
        count = restore_media(folder / "media", settings.MEDIA_ROOT, folder / MANIFEST, report)
        prepare_storage()
        key = (folder / KEY).read_text("utf-8")
        if not environment.text("SECRET_KEY"):
            write_key(settings.VAR / KEY, key)
        elif key != settings.SECRET_KEY:
            self.stdout.write("SECRET_KEY differs from the key in the backup: everyone has to sign in again.")
        restore_database(folder / DUMP)
        self.stdout.write(f"Restored {count} files, the database and the secret key from {folder}")


def _check_no_partial_files() -> None:
    """Raise StartError if there are partial files, because the restored database assigns their ids to other files."""
    root = settings.PARTIAL_ROOT
    if any(path.is_file() for path in root.rglob("*")):
        raise StartError(f"{root} contains unfinished uploads. Move that directory away, then restore again.")
