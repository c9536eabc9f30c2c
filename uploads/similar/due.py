"""Index the pictures that are due, if there are any. This module does not load numpy."""

from django.utils.module_loading import import_string

from uploads.models import Appearance


def index_due_pictures() -> int:
    """Index some of the pictures that are due, and return how many; 0 if none is left or another process does it."""
    if not Appearance.objects.filter(due_at__isnull=False).exists():
        return 0
    indexed: int = import_string("uploads.similar.indexing.index_chunk")()
    return indexed
