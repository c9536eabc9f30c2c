"""Commands that move pictures to the trash, restore them, and delete them permanently.

A picture's parts are files that are shown only with it, such as the RAW file of a photo.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from batches.engine.delete_pictures import delete_pictures
from batches.models.scope import DELETE_PICTURES, Scope
from batches.services.selection import select_pictures
from uploads.button_requests import MAX_PICTURES
from uploads.models import MediaKind, Upload
from uploads.trash import EXPIRED, move_to_trash, restore

CHUNK = 1000


def trash_pictures(scope: Scope, ids: Collection[int]) -> tuple[int, datetime]:
    """Move pictures and their parts to the trash.

    Return how many pictures were moved, and the time that identifies this command for `undo_trash`. Raises Refused
    (`picture.too_many`).
    """
    now = timezone.now()
    with transaction.atomic():
        return move_to_trash(_covered(scope, ids), now), now


def undo_trash(scope: Scope, trashed_at: datetime) -> int:
    """Restore the pictures that were trashed at `trashed_at`, with their parts; return the number of pictures."""
    # Select pictures, and parts that were trashed separately; other parts are restored with their pictures.
    shown = Q(part_of=None) | ~Q(part_of__trashed_at=trashed_at)
    moved = scope.filter(Upload.objects.filter(shown, trashed_at=trashed_at), DELETE_PICTURES)
    with transaction.atomic():
        return restore(list(moved.order_by("id").values_list("id", flat=True)[:MAX_PICTURES]))


def restore_pictures(scope: Scope, ids: Collection[int]) -> int:
    """Restore pictures and their parts; return how many of `ids` were restored. Raises Refused (`picture.too_many`)."""
    with transaction.atomic():
        return restore(_covered(scope, ids))


def delete_trashed(scope: Scope, ids: Collection[int]) -> int:
    """Permanently delete those pictures in `ids` that are in the trash; return the number of files. Raises Refused."""
    return delete_pictures(_covered(scope, ids), timezone.now())


def empty_trash(scope: Scope, until: datetime) -> None:
    """Expire what was moved to the user's trash at `until` or earlier, so that the cleanup soon deletes it for good."""
    own = Upload.objects.filter(owner_id=scope.user_id, trashed_at__gt=EXPIRED, trashed_at__lte=until)
    ids = sorted(own.values_list("id", flat=True))
    for start in range(0, len(ids), CHUNK):
        _expire(own.filter(id__in=ids[start : start + CHUNK]))


def _expire(trashed: QuerySet[Upload]) -> None:
    with transaction.atomic():
        locked = trashed.select_for_update(no_key=True).order_by("id")
        Upload.objects.filter(id__in=list(locked.values_list("id", flat=True))).update(trashed_at=EXPIRED)


def _covered(scope: Scope, ids: Collection[int]) -> list[int]:
    pictures = select_pictures(scope, ids, DELETE_PICTURES).exclude(kind=MediaKind.ARCHIVE)
    return list(pictures.values_list("id", flat=True))
