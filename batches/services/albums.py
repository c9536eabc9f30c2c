"""Commands that create albums from imports."""

from batches.engine.refusals import Refused
from batches.models.scope import Scope
from batches.models.states import ItemStatus
from uploads.albums import MAX_ALBUM_PICTURES, add_pictures, create_album


def create_album_of_batch(scope: Scope, batch_id: int) -> int:
    """Create an album with the batch's name and its pictures; return the album's id.

    Raises NotFound, and Refused `batch.nothing_stored` if none of its pictures is in the library.
    """
    batch = scope.find_batch(batch_id)
    completed = batch.items.filter(status=ItemStatus.COMPLETED, upload__trashed_at=None, upload__part_of=None)
    ids = completed.filter(upload__processed_at__isnull=False).order_by("id").values_list("upload_id", flat=True)
    pictures = [id for id in ids[:MAX_ALBUM_PICTURES] if id is not None]
    if not pictures:
        raise Refused("batch.nothing_stored", name=batch.name)
    album = create_album(batch.owner_id, batch.name)
    add_pictures(album, pictures)
    return album.pk
