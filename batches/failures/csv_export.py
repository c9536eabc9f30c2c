"""Failures as CSV, line by line: of any number of rows only a few are in memory."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.utils.translation import gettext as _

from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import error_text
from batches.models.failures import open_failures
from uploads.db_threads import run_export_query

CHUNK = 2000
BATCHES = 100
# A table program takes a cell that begins so for a formula and runs it. Names of files come from outside.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"
"""By it table programs know that the letters are UTF-8."""
FIELDS = (
    *("id", "batch__name", "relative_path", "filename", "size", "error_code", "error_message"),
    *("finished_at", "batch__owner__username"),
)


async def failures_csv(owner_id: int | None, code: str = "") -> AsyncIterator[str]:
    """Yield the lines of somebody's failures that were not dismissed, all or those of one cause; None: everybody's."""
    yield BYTE_ORDER_MARK + _lines([_heading(everybody=owner_id is None)])
    batch_id = 0
    while batch_ids := await run_export_query(batches_after, owner_id, batch_id):
        for batch_id in batch_ids:
            item_id = 0
            while rows := await run_export_query(_chunk, owner_id, code, batch_id, item_id):
                yield _lines(_row(row, everybody=owner_id is None) for row in rows)
                item_id = rows[-1][0]
                if len(rows) < CHUNK:
                    break


def _heading(*, everybody: bool) -> list[str]:
    names = [_("Batch"), _("File"), _("Bytes"), _("Code"), _("What happened"), _("What to do"), _("When")]
    return [_("Owner"), *names] if everybody else names


def batches_after(owner_id: int | None, batch_id: int) -> list[int]:
    """Return the ids of the next few batches with failures, dismissed ones or not, after this one."""
    batches = UploadBatch.objects.filter(id__gt=batch_id, failed__gt=0)
    mine = batches if owner_id is None else batches.filter(owner_id=owner_id)
    return list(mine.order_by("id").values_list("id", flat=True)[:BATCHES])


def chunk_after(owner_id: int | None, code: str, batch_id: int, item_id: int) -> QuerySet[BatchItem, Any]:
    """Return the next failures of one batch.

    A comparison of rows is where item_failed, or with a code item_open_failure, goes on, and its order is theirs alone:
    a walk of the primary key would pass the files of all later batches.
    """
    last: dict[str, Any] = {"batch_id": batch_id, "error_code": code, "id": item_id}
    if not code:
        del last["error_code"]
    rows = open_failures(owner_id).filter(TupleGreaterThan(Tuple(*last), tuple(last.values())), batch_id__lte=batch_id)
    if code:
        rows = rows.filter(error_code=code)
    return rows.order_by(*last).values_list(*FIELDS)[:CHUNK]


def _chunk(owner_id: int | None, code: str, batch_id: int, item_id: int) -> list[tuple[Any, ...]]:
    return list(chunk_after(owner_id, code, batch_id, item_id))


def _row(row: tuple[Any, ...], *, everybody: bool) -> list[str]:
    _item, batch, path, name, size, code, message, at, owner = row
    words = error_text(code, message)
    advice = f"{words.advice} {words.detail}".rstrip()
    cells = [batch, path or name, size, code, words.title, advice, at.isoformat(timespec="seconds")]
    return [_safe(str(cell)) for cell in ([owner, *cells] if everybody else cells)]


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _lines(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
