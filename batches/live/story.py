"""Read how many photos and videos a finished import added to the library, the days they span, and a few examples."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from uploads.models import MediaKind, Upload

MAX_COUNTED = 10_000
"""Larger imports are not counted by kind and day, because reading all their pictures would delay the page."""
SAMPLED = 200
COLLAGE_SIZES = (5, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Story:
    """A summary of a finished import's pictures in the library. The days are taken from the cameras' clocks.

    `photos` and `videos` are 0 and the days None if the import has more than MAX_COUNTED files. The number of
    `pictures` is 0 or one of COLLAGE_SIZES; they are spread evenly over the first SAMPLED files.
    """

    photos: int
    videos: int
    first_day: date | None
    last_day: date | None
    pictures: tuple[Upload, ...]


def read_story(batch: UploadBatch) -> Story:
    """Return the story of an import with no work left. Makes up to three queries."""
    shown = _shown_items(batch.id)
    counted = _count(shown) if batch.found <= MAX_COUNTED else {}
    first, last = counted.get("first"), counted.get("last")
    return Story(
        photos=counted.get("photos", 0),
        videos=counted.get("videos", 0),
        first_day=first.date() if first else None,
        last_day=last.date() if last else None,
        pictures=_sample(shown),
    )


def _shown_items(batch_id: int) -> QuerySet[BatchItem]:
    items = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.COMPLETED)
    return items.filter(upload__timeline_at__isnull=False)


def _count(shown: QuerySet[BatchItem]) -> dict[str, Any]:
    return shown.aggregate(
        photos=Count("upload", distinct=True, filter=Q(upload__kind=MediaKind.IMAGE)),
        videos=Count("upload", distinct=True, filter=Q(upload__kind=MediaKind.VIDEO)),
        first=Min("upload__camera_clock"),
        last=Max("upload__camera_clock"),
    )


def _sample(shown: QuerySet[BatchItem]) -> tuple[Upload, ...]:
    ids = list(dict.fromkeys(shown.order_by("id").values_list("upload_id", flat=True)[:SAMPLED]))
    size = next((size for size in COLLAGE_SIZES if size <= len(ids)), 0)
    chosen = [ids[number * len(ids) // size] for number in range(size)]
    uploads = Upload.objects.in_bulk(chosen)
    return tuple(uploads[id_] for id_ in chosen if id_ in uploads)
