"""`manage.py index_vectors`: build the indexes that keep searches in large libraries fast."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from uploads.search.vector_index import maintain_indexes


class Command(BaseCommand):
    """Build missing indexes, drop those no longer needed, and print their names."""

    help = "Build or drop vector indexes, as workers do every ten minutes. Imports continue while this runs."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command. It changes nothing if another process is maintaining the indexes."""
        try:
            changed = maintain_indexes()
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database is unavailable: {error}") from None
        for name in changed:
            self.stdout.write(name)
        self.stdout.write(f"{len(changed)} index{'' if len(changed) == 1 else 'es'} changed.")
