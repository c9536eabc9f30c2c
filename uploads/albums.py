"""Create and list albums, and list, add, move and remove their pictures.

Only pictures of an album's owner can be added to it. The caller must have checked access to the album. Pictures in the
trash stay in their albums, but the albums do not show them until they are restored.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery

from uploads.models import Album, AlbumEntry, MediaKind, Upload

MAX_ALBUM_PICTURES = 10_000
_LAST = datetime.max.replace(tzinfo=UTC)
_SHOWN = Q(entries__upload__trashed_at=None, entries__upload__part_of=None)


def own_albums(owner_id: int | None) -> QuerySet[Album]:
    """Return the owner's albums, newest first."""
    return Album.objects.filter(owner_id=owner_id).order_by("-id")


def with_covers(albums: QuerySet[Album]) -> QuerySet[Any]:
    """Annotate albums with `pictures`, the number of pictures shown, and `cover_id`, the id of the first one."""
    first = AlbumEntry.objects.filter(album=OuterRef("pk"), upload__trashed_at=None, upload__part_of=None)
    cover = Subquery(first.order_by("position", "id").values("upload")[:1])
    return albums.annotate(pictures=Count("entries", filter=_SHOWN)).annotate(cover_id=cover)


def album_pictures(album: Album) -> QuerySet[Upload]:
    """Return the pictures that the album shows, in the album's order."""
    shown = Upload.objects.filter(album_entries__album=album, trashed_at=None, part_of=None)
    return shown.order_by("album_entries__position", "album_entries__id")


def album_files(album: Album) -> QuerySet[Upload]:
    """Return the pictures that the album shows and their parts, such as the videos of live photos."""
    shown = album_pictures(album).order_by().values("id")
    parts = Upload.objects.filter(part_of__in=shown, trashed_at=None).values("id")
    return Upload.objects.filter(id__in=shown.union(parts))


def create_album(owner_id: int, name: str) -> Album:
    """Create an empty album. The caller must have checked the name."""
    return Album.objects.create(owner_id=owner_id, name=name)


def add_pictures(album: Album, ids: Collection[int]) -> int:
    """Append the pictures in `ids` that belong to the album's owner, oldest first. Return how many were added.

    Parts are shown with their pictures and cannot be added. An album contains at most MAX_ALBUM_PICTURES.
    """
    own = Upload.objects.filter(id__in=ids, owner_id=album.owner_id, part_of=None, trashed_at=None)
    own = own.exclude(kind=MediaKind.ARCHIVE).exclude(album_entries__album=album)
    own = own.only("id", "taken_at").order_by("id").select_for_update(no_key=True, of=("self",))
    with transaction.atomic():
        # Lock the album, so that concurrent additions get different positions and cannot exceed the limit.
        Album.objects.select_for_update(no_key=True).get(id=album.pk)
        present = album.entries.aggregate(last=Max("position", default=0), count=Count("id"))
        room = max(0, MAX_ALBUM_PICTURES - present["count"])
        added = sorted(own, key=lambda upload: (upload.taken_at or _LAST, upload.pk))
        new = [
            AlbumEntry(album=album, upload=upload, position=position)
            for position, upload in enumerate(added[:room], present["last"] + 1)
        ]
        AlbumEntry.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def remove_pictures(album: Album, ids: Collection[int]) -> int:
    """Remove pictures from the album, but not from the library. Return how many were removed."""
    return album.entries.filter(upload_id__in=ids).delete()[0]


def move_to_front(album: Album, ids: Sequence[int]) -> None:
    """Move the pictures in `ids` to the front of the album, in their current order. The first picture is the cover."""
    with transaction.atomic():
        Album.objects.select_for_update(no_key=True).get(id=album.pk)
        first = album.entries.aggregate(first=Min("position", default=0))["first"]
        moved = list(album.entries.filter(upload_id__in=ids).order_by("position", "id"))
        for position, entry in enumerate(moved, first - len(moved)):
            entry.position = position
        AlbumEntry.objects.bulk_update(moved, ["position"])
