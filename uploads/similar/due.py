"""Index the pictures that are due, if there are any. This module does not load numpy."""

from django.utils.module_loading import import_string

from uploads.models import Appearance

CHUNK = 100
"""Pictures of one transaction. It must not be idle for long while this process compares them."""


def index_due_pictures() -> int:
    """Index up to CHUNK of the pictures that are due, and return how many; 0 if another process does it."""
    if not Appearance.objects.filter(due_at__isnull=False).exists():
        return 0
    indexed: int = import_string("uploads.similar.indexing.index_chunk")()
    return indexed
