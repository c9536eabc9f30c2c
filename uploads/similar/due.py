"""Index pictures that are due. numpy is loaded only if there are any."""

from django.utils.module_loading import import_string

from uploads.models import Appearance

MAX_INDEXED = 1_000
"""The maximum number of pictures per call, so that other clean-up does not wait for long."""


def index_due_pictures() -> int:
    """Index up to MAX_INDEXED due pictures. Return how many were indexed; 0 if another process is indexing."""
    if not Appearance.objects.filter(due_at__isnull=False).exists():
        return 0
    indexed: int = import_string("uploads.similar.indexing.index_pictures")()
    return indexed
