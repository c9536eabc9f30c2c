"""Stream failures and damaged files as CSV, using constant memory."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.utils.translation import gettext as _

from batches.failures.damage import damage_rows
from batches.models import BatchItem
from batches.models.error_codes import error_text
from batches.models.open_failures import open_failures
from batches.models.scope import VIEW_ITEMS, Scope
from uploads.db_threads import run_export_query

CHUNK_ITEMS = 2000
CHUNK_BATCHES = 100
# Spreadsheets evaluate a cell that starts with one of these characters as a formula, and file names are untrusted.
# Where the list separator is a semicolon, as in German Excel, a cell also starts after a semicolon, even in quotes.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_START = re.compile(r"\A(?=[\t\r\n])|(?:\A|(?<=[;\t\r\n]))(?=[\" ]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
BYTE_ORDER_MARK = "\ufeff"
"""Marks the text as UTF-8 for spreadsheets."""
FIELDS = (
    *("id", "batch__name", "relative_path", "filename", "size", "error_code", "error_message"),
    *("finished_at", "batch__owner__username"),
)


async def failures_csv(scope: Scope, code: str = "") -> AsyncIterator[str]:
    """Yield the open failures and damaged files of the scope as CSV; if `code` is given, only those with this code."""
    with_owner = await run_export_query(scope.covers_all, VIEW_ITEMS)
    yield BYTE_ORDER_MARK + csv_lines([_heading(with_owner=with_owner)])
    batch_id = 0
    while batch_ids := await run_export_query(batches_after, scope, batch_id):
        for batch_id in batch_ids:
            item_id = 0
            while rows := await run_export_query(_chunk, scope, code, batch_id, item_id):
                yield csv_lines(_row(row, with_owner=with_owner) for row in rows)
                item_id = rows[-1][0]
                if len(rows) < CHUNK_ITEMS:
                    break
    upload_id = 0
    while rows := await run_export_query(damage_rows, scope, code, upload_id):
        yield csv_lines(_damage_row(row, with_owner=with_owner) for row in rows)
        upload_id = rows[-1][0]


def _heading(*, with_owner: bool) -> list[str]:
    names = [_("Import"), _("File"), _("Bytes"), _("Code"), _("What happened"), _("What to do"), _("When")]
    return [_("Owner"), *names] if with_owner else names


def batches_after(scope: Scope, batch_id: int) -> list[int]:
    """Return the ids of the next CHUNK_BATCHES batches after `batch_id` that have failures, dismissed or not."""
    batches = scope.batches(VIEW_ITEMS).filter(id__gt=batch_id, failed__gt=0)
    return list(batches.order_by("id").values_list("id", flat=True)[:CHUNK_BATCHES])


def chunk_after(scope: Scope, code: str, batch_id: int, item_id: int) -> QuerySet[BatchItem, Any]:
    """Return the next failures of one batch after `item_id`.

    The row comparison and the order match an index (item_open_failure if `code` is given, otherwise item_failed), so
    that the database uses it. A scan of the primary key would also read the files of all later batches.
    """
    last: dict[str, Any] = {"batch_id": batch_id, "error_code": code, "id": item_id}
    if not code:
        del last["error_code"]
    rows = open_failures(scope).filter(TupleGreaterThan(Tuple(*last), tuple(last.values())), batch_id__lte=batch_id)
    if code:
        rows = rows.filter(error_code=code)
    return rows.order_by(*last).values_list(*FIELDS)[:CHUNK_ITEMS]


def _chunk(scope: Scope, code: str, batch_id: int, item_id: int) -> list[tuple[Any, ...]]:
    return list(chunk_after(scope, code, batch_id, item_id))


def _row(row: tuple[Any, ...], *, with_owner: bool) -> list[str]:
    _item, batch, path, name, size, code, message, at, owner = row
    return _cells(batch, path or name, size, code, message, at, owner if with_owner else None)


def _damage_row(row: tuple[Any, ...], *, with_owner: bool) -> list[str]:
    _upload, name, size, code, at, owner = row
    return _cells("", name, size, code, "", at, owner if with_owner else None)


def _cells(batch: str, path: str, size: int, code: str, message: str, at: datetime, owner: str | None) -> list[str]:
    text = error_text(code, message)
    advice = f"{text.advice} {text.detail}".rstrip()
    cells = [batch, path, size, code, text.title, advice, at.isoformat(timespec="seconds")]
    return [escape(str(cell)) for cell in (cells if owner is None else [owner, *cells])]


def escape(cell: str) -> str:
    """Return a cell that spreadsheets do not evaluate as a formula."""
    return _FORMULA_START.sub("'", cell)


def csv_lines(rows: Iterable[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue()
