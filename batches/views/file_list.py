"""Filter the list of a batch's files.

Each state has its own index. The kind and the name are checked while that index is scanned. Names have no index:
because the item table is the queue, such an index would be written each time an item is claimed or finished.
"""

from dataclasses import dataclass
from unicodedata import normalize
from urllib.parse import urlencode

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower, NullIf, StrIndex
from django.db.models.lookups import GreaterThan

from batches.models import BatchItem
from batches.models.states import RESULT_COUNTERS, WAITING_ITEMS, ItemStatus
from uploads.media.formats import SUPPORTED
from uploads.models import MediaKind, Upload

NAME_LENGTH = 100
# Use a subquery, because with a join, the planner might read the uploads first.
KIND = Subquery(Upload.objects.filter(id=OuterRef("upload_id")).values("kind"))
# The path ends with the file's name. Files sent without a path have only a name.
PATH = Coalesce(NullIf("relative_path", Value("")), "filename")
STATUS_FILTERS: dict[str, tuple[ItemStatus, ...]] = {
    "all": (),
    "described": (ItemStatus.COMPLETED,),
    "failed": (ItemStatus.FAILED,),
    "waiting": WAITING_ITEMS,
    "in-progress": (ItemStatus.PROCESSING,),
    "cancelled": (ItemStatus.CANCELLED,),
    "missing": (ItemStatus.MISSING,),
    "ignored": (ItemStatus.IGNORED,),
    **dict.fromkeys(map(str, RESULT_COUNTERS), (ItemStatus.COMPLETED,)),
}
"""The item states shown by each filter above the list of files; "all" shows every state."""
KINDS = frozenset(MediaKind.from_mime_type(mime_type) for mime_type in SUPPORTED)
"""The kinds of files by which users can filter."""


@dataclass(frozen=True, slots=True)
class FileFilter:
    """The chosen filters. `show` is a key of STATUS_FILTERS, `name` part of a path. `kind` and `name` may be blank."""

    show: str
    kind: str
    name: str

    @classmethod
    def of(cls, show: str, kind: str, name: str) -> "FileFilter":
        """Return the filters for values from a query string. An unknown `show` or `kind` is ignored."""
        return cls(
            show if show in STATUS_FILTERS else "all",
            kind if kind in MediaKind.values else "",
            # Normalise the name in the same way as the stored names (batches/intake/file_name.py).
            normalize("NFC", name.replace("\0", "")).strip()[:NAME_LENGTH],
        )

    @property
    def narrowed(self) -> bool:
        """Whether the list is filtered by kind or by a part of the name."""
        return bool(self.kind or self.name)

    @property
    def query(self) -> str:
        """The kind and the name as a query string, for the links to the other state filters."""
        return urlencode({key: value for key, value in (("kind", self.kind), ("name", self.name)) if value})

    @property
    def query_after(self) -> str:
        """`query` with a leading “&”, so that it can follow other parameters, or blank."""
        return f"&{self.query}" if self.narrowed else ""


def filtered_items(batch_id: int, choice: FileFilter) -> QuerySet[BatchItem]:
    """Return the batch's files that match the filters, with their uploads."""
    items = BatchItem.objects.filter(batch_id=batch_id).select_related("upload").defer("upload__metadata")
    states = STATUS_FILTERS[choice.show]
    if states:
        items = items.filter(status__in=states) if len(states) > 1 else items.filter(status=states[0])
    if choice.show in RESULT_COUNTERS:
        items = items.filter(result=choice.show)
    if choice.kind:
        items = items.filter(_contains(KIND, choice.kind))
    if choice.name:
        items = items.filter(_contains(Lower(PATH), choice.name.lower()))
    return items


def _contains(text: Combinable | Subquery, part: str) -> GreaterThan:
    """Return a condition that is true if `text` contains `part`.

    It uses StrIndex, because for LIKE or equality the planner would assume that matches are rare and read the whole
    table.
    """
    return GreaterThan(StrIndex(text, Value(part)), 0)
