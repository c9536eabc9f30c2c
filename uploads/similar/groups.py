"""Groups of near duplicates: list them with the best picture first, or mark all pictures of a group as kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

from django.db import transaction
from django.db.models import QuerySet

from uploads.models import NearDuplicate, Upload, defer_details
from uploads.similar.components import MAX_MEMBERS, Members, connect

GROUPS_PER_PAGE = 20
MAX_PAIRS = 20_000
_LOSSLESS = frozenset(("image/png", "image/tiff", "image/bmp", "image/x-adobe-dng"))
_LOSSY = frozenset(("image/webp", "image/gif"))


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures connected by open pairs of near duplicates. `best` is the one to keep.

    `more` is the number of pictures that are left out because the group is large.
    """

    best: Upload
    others: list[Upload]
    more: int

    @property
    def pictures(self) -> list[Upload]:
        """All pictures, the best first."""
        return [self.best, *self.others]


def open_pairs(owner_id: int) -> QuerySet[NearDuplicate]:
    """Return the owner's unresolved pairs of near duplicates, without parts and pictures in the trash."""
    shown = {"processed_at__isnull": False, "part_of": None, "trashed_at": None}
    conditions = {f"{side}__{name}": value for side in ("first", "second") for name, value in shown.items()}
    return NearDuplicate.objects.filter(owner_id=owner_id, kept=False, **conditions)


def pairs_of(owner_id: int) -> QuerySet[NearDuplicate, tuple[int, int]]:
    """Return (first id, second id) for each of the MAX_PAIRS newest open pairs of the owner."""
    pairs = open_pairs(owner_id).order_by("-second_id", "-first_id")
    return pairs.values_list("first_id", "second_id")[:MAX_PAIRS]


def list_groups(owner_id: int, page: int) -> tuple[list[Group], int]:
    """Return a page of the owner's groups, those with the newest pictures first, and the number of all groups.

    Only the newest MAX_PAIRS open pairs are considered, and of each group up to MAX_MEMBERS pictures are returned. The
    others follow once these are resolved.
    """
    groups = connect(pairs_of(owner_id))
    start = (page - 1) * GROUPS_PER_PAGE
    shown = groups[start : start + GROUPS_PER_PAGE]
    own = defer_details(Upload.objects.filter(owner_id=owner_id))
    uploads = own.in_bulk([id for members in shown for id in members.ids])
    loaded = (_best_first(members, uploads) for members in shown)
    return [group for group in loaded if group], len(groups)


def keep_all(owner_id: int, ids: Collection[int]) -> bool:
    """Record that the owner keeps all pictures in `ids`: mark each two of them as a kept pair.

    A kept pair never forms a group. Two of the pictures are in the same group again only if open pairs with other
    pictures connect them. Return False if fewer than two of them exist. Only the first MAX_MEMBERS are considered.
    """
    own = Upload.objects.filter(owner_id=owner_id, id__in=ids).order_by("id").select_for_update(no_key=True)
    with transaction.atomic():
        members = list(own.values_list("id", flat=True)[:MAX_MEMBERS])
        pairs = [
            NearDuplicate(owner_id=owner_id, first_id=first, second_id=second, kept=True)
            for first, second in combinations(members, 2)
        ]
        NearDuplicate.objects.bulk_create(
            pairs, update_conflicts=True, unique_fields=["first", "second"], update_fields=["kept"]
        )
    return bool(pairs)


def quality(upload: Upload) -> tuple[int, ...]:
    """Return a key that ranks copies: more pixels, then more metadata, lossless formats, and larger files win."""
    known = (upload.taken_at, upload.latitude, upload.camera, upload.title, upload.caption, upload.keywords)
    kind = 2 if upload.mime_type in _LOSSLESS else 0 if upload.mime_type in _LOSSY else 1
    return (upload.width or 0) * (upload.height or 0), sum(map(bool, known)), kind, upload.size, -upload.pk


def _best_first(members: Members, uploads: Mapping[int, Upload]) -> Group | None:
    """Return the group of those members that still exist, or None if fewer than two do."""
    found = sorted((uploads[id] for id in members.ids if id in uploads), key=quality, reverse=True)
    if len(found) < 2:
        return None
    return Group(found[0], found[1:], members.more)
