"""Groups of near duplicates: list them with the best picture first, or mark all pictures of a group as kept."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain, combinations
from operator import or_

from django.db import transaction
from django.db.models import Q, QuerySet

from uploads.models import NearDuplicate, Upload, defer_details
from uploads.similar.components import MAX_MEMBERS, Members, connect

GROUPS_PER_PAGE = 20
MAX_PAIRS = 20_000
_LOSSLESS = frozenset(("image/png", "image/tiff", "image/bmp", "image/x-adobe-dng"))
_LOSSY = frozenset(("image/webp", "image/gif"))


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures connected by open pairs of near duplicates. `best` is the one to keep.

    `kept` holds the ids of those that the owner chose to keep together with another one of them; in a large group, with
    any other picture. `more` is the number of pictures that are left out because the group is large.
    """

    best: Upload
    others: list[Upload]
    kept: frozenset[int]
    more: int

    @property
    def pictures(self) -> list[Upload]:
        """All pictures, the best first."""
        return [self.best, *self.others]

    @property
    def selected(self) -> list[Upload]:
        """The pictures to select for the trash at first: neither the best, nor one in `kept`."""
        return [upload for upload in self.others if upload.pk not in self.kept]


def open_pairs(owner_id: int) -> QuerySet[NearDuplicate]:
    """Return the owner's unresolved pairs of near duplicates, without parts and pictures in the trash."""
    shown = {"processed_at__isnull": False, "part_of": None, "trashed_at": None}
    conditions = {f"{side}__{name}": value for side in ("first", "second") for name, value in shown.items()}
    return NearDuplicate.objects.filter(owner_id=owner_id, kept=False, **conditions)


def pairs_of(owner_id: int) -> QuerySet[NearDuplicate, tuple[int, int]]:
    """Return (first id, second id) for each of the MAX_PAIRS newest open pairs of the owner."""
    pairs = open_pairs(owner_id).order_by("-second_id", "-first_id")
    return pairs.values_list("first_id", "second_id")[:MAX_PAIRS]


def kept_pairs(owner_id: int, groups: Iterable[Collection[int]]) -> QuerySet[NearDuplicate, tuple[int, int]]:
    """Return (first id, second id) for each kept pair within one of `groups`, each connected by open pairs."""
    # Two pictures that are connected by open pairs can be a kept pair only if there is a third.
    within = (Q(first_id__in=ids, second_id__in=ids) for ids in groups if len(ids) > 2)
    pairs = NearDuplicate.objects.filter(reduce(or_, within, Q(pk__in=())), owner_id=owner_id, kept=True)
    return pairs.values_list("first_id", "second_id")


def in_kept_pairs(owner_id: int, ids: Collection[int]) -> QuerySet[NearDuplicate, tuple[int]]:
    """Return those of `ids` that are in any kept pair, as rows of one column."""
    kept = NearDuplicate.objects.filter(owner_id=owner_id, kept=True)
    first, second = kept.filter(first_id__in=ids), kept.filter(second_id__in=ids)
    return first.values_list("first_id").union(second.values_list("second_id"))


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
    kept = _kept(owner_id, shown)
    loaded = (_best_first(members, uploads, kept) for members in shown)
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


def _kept(owner_id: int, groups: Sequence[Members]) -> frozenset[int]:
    """Return the members of `groups` that the owner chose to keep together with another picture of their group.

    The other one may be among those that a large group leaves out. So any kept pair counts there.
    """
    pairs = kept_pairs(owner_id, [members.ids for members in groups if not members.more])
    large = [id for members in groups if members.more for id in members.ids]
    return frozenset(chain(chain.from_iterable(pairs), chain.from_iterable(in_kept_pairs(owner_id, large))))


def _best_first(members: Members, uploads: Mapping[int, Upload], kept: frozenset[int]) -> Group | None:
    """Return the group of those members that still exist, or None if fewer than two do."""
    found = sorted((uploads[id] for id in members.ids if id in uploads), key=quality, reverse=True)
    if len(found) < 2:
        return None
    return Group(found[0], found[1:], kept.intersection(members.ids), members.more)
