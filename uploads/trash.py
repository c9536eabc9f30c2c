"""The trash, which keeps deleted pictures until the cleanup deletes them for good.

A picture and its parts, such as the video of a live photo, move together. The functions run in the caller's
transaction; those that write lock the pictures in id order. A transaction that also changes items or batches must lock
the items before it calls these functions, and the batches afterwards.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from uploads.models import Upload
from uploads.picture_facts import lock_pictures

EXPIRED = datetime(1970, 1, 1, tzinfo=UTC)
"""The `trashed_at` of pictures that the cleanup must delete, regardless of TRASH_DAYS."""


def trashed_pictures(owner_id: int | None) -> QuerySet[Upload]:
    """Return the pictures that the trash shows: all except expired pictures and the parts of trashed pictures."""
    shown = Q(part_of=None) | Q(part_of__trashed_at=None)
    return Upload.objects.filter(shown, owner_id=owner_id, trashed_at__gt=trash_expiry())


def trash_expiry() -> datetime:
    """Return the earliest `trashed_at` to keep. Pictures that were moved to the trash earlier are deleted for good."""
    return timezone.now() - timedelta(days=settings.TRASH_DAYS)


def move_to_trash(ids: Collection[int], at: datetime) -> int:
    """Move pictures and their parts to the trash. Return how many of `ids` were moved.

    `at` is stored as `trashed_at` and identifies this action, so that it can be undone.
    """
    locked = lock_pictures(ids)
    moved = Upload.objects.filter(id__in=locked.keys() & set(ids), trashed_at=None)
    count = moved.update(trashed_at=at)
    Upload.objects.filter(part_of__in=ids, part_of__trashed_at=at, trashed_at=None).update(trashed_at=at)
    return count


def restore(ids: Collection[int]) -> int:
    """Take pictures and their parts out of the trash. Return how many of `ids` were in it.

    If `ids` contains a part, its picture is restored too, because a part is shown only with its picture.
    """
    mains = Upload.objects.filter(parts__in=ids).values_list("id", flat=True)
    files = Upload.objects.filter(id__in=lock_pictures({*ids, *mains}), trashed_at__isnull=False)
    restored = set(files.values_list("id", flat=True))
    files.update(trashed_at=None)
    return len(restored & set(ids))
