"""The list of a batch's files: which are shown, in the order in which they came.

Each choice of a state walks an index of its own. A kind or a part of a name is looked for along that walk: a name is a
text of the hot queue, and an index of its letters would be written at every claim and finish.
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
# Not by a join, which could begin at the pictures.
KIND = Subquery(Upload.objects.filter(id=OuterRef("upload_id")).values("kind"))
STATUS_FILTERS: dict[str, tuple[ItemStatus, ...]] = {
    "all": (),
    "described": (ItemStatus.COMPLETED,),
    "failed": (ItemStatus.FAILED,),
    "waiting": WAITING_ITEMS,
    "in-progress": (ItemStatus.PROCESSING,),
    "cancelled": (ItemStatus.CANCELLED,),
}
"""The choices above the list of files; "all" filters nothing."""
KINDS = frozenset(MediaKind.from_mime_type(mime_type) for mime_type in SUPPORTED)
"""The kinds that are offered to choose from: those of which files are taken."""


@dataclass(frozen=True, slots=True)
class FileFilter:
    """What a person wants to see: states by a word of SHOWN, a kind or "" for all, a part of the name or ""."""

    show: str
    kind: str
    name: str

    @classmethod
    def of(cls, show: str, kind: str, name: str) -> "FileFilter":
        """Return the choice that these words mean; unknown ones mean all."""
        return cls(
            show if show in STATUS_FILTERS else "all",
            kind if kind in MediaKind.values else "",
            # As names are kept (batches/intake/file_name.py).
            normalize("NFC", name.replace("\0", "")).strip()[:NAME_LENGTH],
        )

    @property
    def narrowed(self) -> bool:
        """Whether more than a state is asked for."""
        return bool(self.kind or self.name)

    @property
    def query(self) -> str:
        """The kind and the name as a query string, to be kept by the links between states."""
        return urlencode({key: value for key, value in (("kind", self.kind), ("name", self.name)) if value})

    @property
    def query_after(self) -> str:
        """The same, to be put after another parameter."""
        return f"&{self.query}" if self.narrowed else ""


def filtered_items(batch_id: int, choice: FileFilter) -> QuerySet[BatchItem]:
    """Return the chosen files of a batch with their pictures."""
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
    """Of LIKE and of equality the planner knows how rare they are: it would leave the walk and read the whole table."""
    return GreaterThan(StrIndex(text, Value(part)), 0)
