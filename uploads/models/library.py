"""Select the uploads that the library shows."""

from collections.abc import Iterable

from django.db.models import QuerySet

from uploads.models.choices import PartRole
from uploads.models.upload import Upload


def library_pictures(owner_id: int | None) -> QuerySet[Upload]:
    """Return the owner's pictures and videos that lists, searches and counts include.

    Files that were never processed, parts of other pictures and pictures in the trash are left out.
    """
    return all_library_pictures().filter(owner_id=owner_id)


def all_library_pictures() -> QuerySet[Upload]:
    """Return the pictures and videos in the libraries of all owners."""
    return Upload.objects.filter(processed_at__isnull=False, part_of=None, trashed_at=None)


def defer_details(uploads: QuerySet[Upload]) -> QuerySet[Upload]:
    """Defer loading the large columns that lists of pictures do not show."""
    return uploads.defer("metadata", "sidecars", "words")


def live_photos(pictures: Iterable[Upload]) -> set[int]:
    """Return the ids of the `pictures` that have a short video, as a part or, in motion photos, in the same file."""
    ids = [picture.pk for picture in pictures]
    films = Upload.objects.filter(part_of__in=ids, part_role=PartRole.LIVE).values_list("part_of_id", flat=True)
    motion_photos = Upload.objects.filter(id__in=ids, metadata__has_key="motion").values_list("id", flat=True)
    return {id for id in films.union(motion_photos) if id is not None}
