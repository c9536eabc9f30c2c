"""Failures as CSV, line by line: of any number of rows only a few are in memory."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from batches.causes import words_for
from batches.inbox import open_failures
from batches.reading import read

CHUNK = 2000
# A table program takes a cell that begins so for a formula and runs it. Names of files come from outside.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"
"""By it table programs know that the letters are UTF-8."""
FIELDS = (
    *("batch_id", "id", "batch__name", "relative_path", "filename", "size", "error_code", "error_message"),
    *("finished_at", "batch__owner__username"),
)


async def failures_csv(owner_id: int | None, code: str = "") -> AsyncIterator[str]:
    """Yield the lines of somebody's failures that were not dismissed, all or those of one cause; None: everybody's."""
    yield BYTE_ORDER_MARK + _lines([_heading(everybody=owner_id is None)])
    after: tuple[Any, ...] = (0, 0)
    while rows := await read(_chunk, owner_id, code, after):
        yield _lines(_row(row, everybody=owner_id is None) for row in rows)
        after = rows[-1]


def _heading(*, everybody: bool) -> list[str]:
    names = [_("Batch"), _("File"), _("Bytes"), _("Code"), _("What happened"), _("What to do"), _("When")]
    return [_("Owner"), *names] if everybody else names


def _chunk(owner_id: int | None, code: str, after: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    batch_id, item_id, *_rest = after
    rows = open_failures(owner_id).filter(Q(batch_id__gt=batch_id) | Q(id__gt=item_id), batch_id__gte=batch_id)
    if code:
        rows = rows.filter(error_code=code)
    return list(rows.order_by("batch_id", "id").values_list(*FIELDS)[:CHUNK])


def _row(row: tuple[Any, ...], *, everybody: bool) -> list[str]:
    _batch, _item, batch, path, name, size, code, message, at, owner = row
    words = words_for(code, message)
    advice = f"{words.advice} {words.detail}".rstrip()
    cells = [batch, path or name, size, code, words.title, advice, at.isoformat(timespec="seconds")]
    return [_safe(str(cell)) for cell in ([owner, *cells] if everybody else cells)]


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _lines(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
