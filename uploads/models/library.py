"""Select the uploads that the library shows."""

from django.db.models import QuerySet

from uploads.models.upload import Upload


def library_pictures(owner_id: int | None) -> QuerySet[Upload]:
    """Return the owner's pictures and videos that lists, searches and counts include.

    Files that were never processed, parts of other pictures and pictures in the trash are left out.
    """
    return Upload.objects.filter(owner_id=owner_id, processed_at__isnull=False, part_of=None, trashed_at=None)


def defer_details(uploads: QuerySet[Upload]) -> QuerySet[Upload]:
    """Do not load the large columns that lists of pictures do not show."""
    return uploads.defer("metadata", "sidecars", "words")
