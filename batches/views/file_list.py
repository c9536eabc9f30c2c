"""Filter and sort the list of a batch's files.

Each state has its own index; the list of all files consists of the lists for the individual states. The kind and
the name are checked while the index is scanned. Names have no index: because the item table is the queue, such an index
would be written each time an item is claimed or finished.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from unicodedata import normalize
from urllib.parse import urlencode

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower, NullIf, StrIndex
from django.db.models.lookups import GreaterThan

from batches.models import BatchItem, UploadBatch
from batches.models.states import COUNTERS, RESULT_COUNTERS, WAITING_ITEMS, ItemStatus
from uploads.media.formats import SUPPORTED
from uploads.models import MediaKind, Upload
from uploads.pagination import Page, paginate_by_id, paginate_lists

NAME_LENGTH = 100
# Use a subquery, because with a join, the planner might read the uploads first.
KIND = Subquery(Upload.objects.filter(id=OuterRef("upload_id")).values("kind"))
# The path ends with the file's name. Files sent without a path have only a name.
PATH = Coalesce(NullIf("relative_path", Value("")), "filename")
ALL = "all"
STATUS_FILTERS: dict[str, tuple[ItemStatus, ...]] = {
    "failed": (ItemStatus.FAILED,),
    "in-progress": (ItemStatus.PROCESSING,),
    "waiting": WAITING_ITEMS,
    "missing": (ItemStatus.MISSING,),
    "described": (ItemStatus.COMPLETED,),
    "cancelled": (ItemStatus.CANCELLED,),
    "ignored": (ItemStatus.IGNORED,),
}
"""The item states shown by each filter above the list of files, in the order in which ALL shows them."""
RESULT_FILTERS = frozenset(map(str, RESULT_COUNTERS))
"""The filters that show completed files with one result."""
KINDS = frozenset(MediaKind.from_mime_type(mime_type) for mime_type in SUPPORTED)
"""The kinds of files by which users can filter."""


@dataclass(frozen=True, slots=True)
class FileFilter:
    """The chosen filters. `show` is ALL or a filter from STATUS_FILTERS or RESULT_FILTERS.

    `name` is part of a path. `kind` and `name` may be blank.
    """

    show: str
    kind: str
    name: str

    @classmethod
    def of(cls, show: str, kind: str, name: str) -> "FileFilter":
        """Return the filters for values from a query string. An unknown `show` or `kind` is ignored."""
        return cls(
            show if show in STATUS_FILTERS or show in RESULT_FILTERS else ALL,
            kind if kind in MediaKind.values else "",
            # Stored names are in NFC (batches/intake/file_name.py) and contain no NUL.
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
        """`query` with a leading “&”, so that it can follow other parameters; blank if there are no filters."""
        return f"&{self.query}" if self.narrowed else ""


def paginate_files(batch: UploadBatch, choice: FileFilter, query: Mapping[str, str], size: int) -> Page[BatchItem]:
    """Return the page of the batch's files that `query` requests, with their uploads.

    The list of all files is sorted by state: failed ones come first, then those that are not finished, and ignored ones
    last. Within a state, files are in the order in which they were added.
    """
    keep = ("show", "kind", "name")
    if choice.show != ALL:
        return paginate_by_id(filtered_items(batch.id, choice), query, size, newest_first=False, keep=keep)
    lists = {
        show: filtered_items(batch.id, replace(choice, show=show))
        if _count(batch, states)
        else BatchItem.objects.none()
        for show, states in STATUS_FILTERS.items()
    }
    return paginate_lists(lists, query, size, keep=keep)


def _count(batch: UploadBatch, states: tuple[ItemStatus, ...]) -> int:
    """Return how many files are in these states or, if the states are live, in any live state."""
    counter = COUNTERS.get(states[0])
    return batch.remaining if counter is None else getattr(batch, counter)


def filtered_items(batch_id: int, choice: FileFilter) -> QuerySet[BatchItem]:
    """Return the batch's files that match the filters, with their uploads. `choice.show` must not be ALL."""
    items = BatchItem.objects.filter(batch_id=batch_id).select_related("upload").defer("upload__metadata")
    states = STATUS_FILTERS.get(choice.show, (ItemStatus.COMPLETED,))
    items = items.filter(status__in=states) if len(states) > 1 else items.filter(status=states[0])
    if choice.show in RESULT_FILTERS:
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
