"""Stream the ledger of a batch (its files and their outcomes) as CSV or JSON, with one line per file."""

import json
from collections.abc import AsyncIterator
from typing import Any

from django.db.models import Max, Min, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from batches.failures.csv_export import BYTE_ORDER_MARK, csv_lines, escape
from batches.models import BatchItem, SidecarEntry
from batches.models.error_codes import error_text
from batches.models.states import ItemResult, ItemStatus
from uploads.db_threads import run_export_query
from uploads.sidecars.recognise import SidecarKind

CHUNK = 2000
FIELDS = (
    *("id", "relative_path", "filename", "size", "sha256", "status", "result", "upload_id", "archive_id"),
    *("error_code", "error_message"),
)
RESULT, PICTURE, ARCHIVE = map(FIELDS.index, ("result", "upload_id", "archive_id"))
_SHOWN = Coalesce("upload__part_of", "upload")


async def ledger_csv(batch_id: int) -> AsyncIterator[str]:
    """Yield the ledger as CSV, with a header row in the user's language."""
    heading = [_("File"), _("Archive"), _("Bytes"), "SHA-256", _("Result"), _("Picture"), _("Code"), _("What happened")]
    yield BYTE_ORDER_MARK + csv_lines([heading])
    async for entries in _chunks(batch_id):
        yield csv_lines([escape(str(value)) for value in entry.values()] for entry in entries)


async def ledger_json(batch_id: int) -> AsyncIterator[str]:
    """Yield the ledger as a JSON array, with one object per line."""
    separator = "[\n"
    async for entries in _chunks(batch_id):
        yield separator + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


async def _chunks(batch_id: int) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the ledger's entries in id order, in chunks, so that memory use does not grow with the number of files."""
    archives: dict[int, str] = {}
    after = 0
    while rows := await run_export_query(read_chunk, batch_id, after, archives):
        after = rows[-1][0]
        yield [_entry(row, archives) for row in rows]


def read_chunk(batch_id: int, after: int, archives: dict[int, str]) -> list[tuple[Any, ...]]:
    """Return the rows of the next files, and add the paths of their archives to `archives`."""
    rows = list(items_after(batch_id, after).values_list(*FIELDS)[:CHUNK])
    unknown = {row[ARCHIVE] for row in rows if row[ARCHIVE] is not None} - archives.keys()
    if unknown:
        archives.update((item.id, str(item)) for item in BatchItem.objects.filter(id__in=unknown))
    sidecars = _pictures_of([row[0] for row in rows if row[RESULT] == ItemResult.SIDECAR])
    return [(*row[:PICTURE], sidecars.get(row[0], row[PICTURE]), *row[PICTURE + 1 :]) for row in rows]


def _pictures_of(sidecars: list[int]) -> dict[int, int]:
    """Return the picture that each sidecar describes, unless it describes none, several or an album.

    `sidecars` contains the ids of the sidecars' items, which are also the keys of the result.
    """
    entries = SidecarEntry.objects.filter(item_id__in=sidecars, upload__isnull=False).exclude(kind=SidecarKind.ALBUM)
    found = entries.values_list("item_id").annotate(first=Min(_SHOWN), last=Max(_SHOWN)).order_by()
    return {item: first for item, first, last in found if first == last}


def items_after(batch_id: int, after: int) -> QuerySet[BatchItem]:
    """Return the files of one batch whose ids are greater than `after`.

    The row comparison and the order match the index item_batch, so that the database uses it. A scan of the primary key
    would also read the files of all later batches.
    """
    later = TupleGreaterThan(Tuple("batch_id", "id"), (batch_id, after))
    return BatchItem.objects.filter(later, batch_id__lte=batch_id).order_by("batch_id", "id")


def _entry(row: tuple[Any, ...], archives: dict[int, str]) -> dict[str, Any]:
    _id, path, name, size, sha256, status, result, picture, archive, code, message = row
    return {
        "path": path or name,
        "archive": archives.get(archive, ""),
        "size": size,
        "sha256": sha256,
        "result": result or ("refused" if status == ItemStatus.FAILED else status),
        "picture": "" if picture is None or result == ItemResult.ARCHIVE else picture,
        "code": code,
        "reason": error_text(code, message).text if code else "",
    }
