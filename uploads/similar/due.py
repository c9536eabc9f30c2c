"""Index pictures that are due. numpy is loaded only if there are any."""

from django.utils.module_loading import import_string

from uploads.models import Appearance

MAX_INDEXED = 2_000
"""The maximum number of pictures per call. Indexing them takes a few seconds."""


def index_due_pictures() -> int:
    """Index up to MAX_INDEXED due pictures. Return how many were indexed, or 0 if another process is indexing."""
    if not Appearance.objects.filter(due_at__isnull=False).exists():
        return 0
    indexed: int = import_string("uploads.similar.indexing.index_pictures")()
    return indexed
