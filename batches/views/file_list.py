"""Filter the list of a batch's files, in the order in which they were registered.

Each state has its own index. Kind and name are checked while that index is scanned: an index on names would be written
at every claim and finish, since items are the queue.
"""

from dataclasses import dataclass
from unicodedata import normalize
from urllib.parse import urlencode

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower, StrIndex
from django.db.models.lookups import GreaterThan

from batches.models import BatchItem
from batches.models.states import WAITING_ITEMS, ItemStatus
from uploads.media.sniff import SUPPORTED
from uploads.models import MediaKind, Upload

NAME_LENGTH = 100
# A subquery, because the planner could start a join with the uploads.
KIND = Subquery(Upload.objects.filter(id=OuterRef("upload_id")).values("kind"))
STATUS_FILTERS: dict[str, tuple[ItemStatus, ...]] = {
    "all": (),
    "described": (ItemStatus.COMPLETED,),
    "failed": (ItemStatus.FAILED,),
    "waiting": WAITING_ITEMS,
    "in-progress": (ItemStatus.PROCESSING,),
    "cancelled": (ItemStatus.CANCELLED,),
}
"""The filters above the list of files; "all" filters nothing."""
KINDS = frozenset(MediaKind.from_mime_type(mime_type) for mime_type in SUPPORTED)
"""The kinds to choose from: those of the supported files."""


@dataclass(frozen=True, slots=True)
class FileFilter:
    """The chosen filters: `show` is a key of STATUS_FILTERS; kind and part of the name are blank for all."""

    show: str
    kind: str
    name: str

    @classmethod
    def of(cls, show: str, kind: str, name: str) -> "FileFilter":
        """Return the filters of a query string; unknown values mean all."""
        return cls(
            show if show in STATUS_FILTERS else "all",
            kind if kind in MediaKind.values else "",
            # Normalised like the stored names (batches/intake/file_name.py).
            normalize("NFC", name.replace("\0", "")).strip()[:NAME_LENGTH],
        )

    @property
    def narrowed(self) -> bool:
        """Whether a kind or a name is set."""
        return bool(self.kind or self.name)

    @property
    def query(self) -> str:
        """The kind and the name as a query string, which the links to other states preserve."""
        return urlencode({key: value for key, value in (("kind", self.kind), ("name", self.name)) if value})

    @property
    def query_after(self) -> str:
        """`query` to append to other parameters: with a leading “&”, or blank."""
        return f"&{self.query}" if self.narrowed else ""


def filtered_items(batch_id: int, choice: FileFilter) -> QuerySet[BatchItem]:
    """Return the matching files of a batch with their uploads."""
    items = BatchItem.objects.filter(batch_id=batch_id).select_related("upload").defer("upload__metadata")
    states = STATUS_FILTERS[choice.show]
    if states:
        items = items.filter(status__in=states) if len(states) > 1 else items.filter(status=states[0])
    if choice.kind:
        items = items.filter(_contains(KIND, choice.kind))
    if choice.name:
        items = items.filter(_contains(Lower("filename"), choice.name.lower()))
    return items


def _contains(text: Combinable | Subquery, part: str) -> GreaterThan:
    """Compare positions: for LIKE or equality the planner estimates rare matches and would read the whole table."""
    return GreaterThan(StrIndex(text, Value(part)), 0)
