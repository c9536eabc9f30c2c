"""Index pictures that are due. numpy is loaded only if there are any."""

from django.utils.module_loading import import_string

from uploads.models import Appearance

INDEX_CHUNK = 100
"""Pictures per transaction. With more, the transaction would be idle for too long while pictures are compared."""


def index_due_pictures() -> int:
    """Index up to INDEX_CHUNK due pictures. Return how many were indexed, or 0 if another process is indexing."""
    if not Appearance.objects.filter(due_at__isnull=False).exists():
        return 0
    indexed: int = import_string("uploads.similar.indexing.index_chunk")()
    return indexed
