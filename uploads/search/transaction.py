"""The transaction of a search, with settings for PostgreSQL's planner and a time limit for each statement."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from uploads.database import fetch_row
from uploads.errors import CodedError

STATEMENT_SECONDS = 5.0
"""The time limit for each statement.

Searches usually take less than 0.1 s, but some combinations of filters read all rows of a library.
"""

SCAN_SETTINGS = {
    # Continue an index scan until enough vectors match the filters, but do not scan the whole index of a large library.
    "hnsw.iterative_scan": "relaxed_order",
    "hnsw.ef_search": "300",
    "hnsw.max_scan_tuples": "10000",
    "hnsw.scan_mem_multiplier": "8",
    # No search may read a whole table, even if the statistics are out of date.
    "enable_seqscan": "off",
    # PostgreSQL underestimates some filters, and would sort all rows instead of scanning the vector index.
    "enable_sort": "off",
    # A hash join would read all rows of the other table. A nested loop reads only the rows that it needs.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # Just-in-time compilation takes longer than running the statement. It is already off in the embedded server.
    "jit": "off",
}
"""Settings for search transactions; see docs/search.md for how they were chosen."""

_SET = (
    "SELECT count(set_config(name, value, true)) FROM unnest(%(names)s::text[], %(values)s::text[]) one (name, value)"
)
_QUERY_CANCELED = "57014"


class SearchTooSlow(CodedError):
    """PostgreSQL needed more than STATEMENT_SECONDS for a statement. The message is in the current language."""

    def __init__(self) -> None:
        super().__init__("search.too_slow", _("This search took too long. Try again, or add more words or a date."))


@contextmanager
def search_transaction() -> Iterator[None]:
    """Run the statements of a search in a transaction with SCAN_SETTINGS. Raises SearchTooSlow."""
    settings = {**SCAN_SETTINGS, "statement_timeout": f"{STATEMENT_SECONDS * 1000:.0f}"}
    try:
        with transaction.atomic():
            fetch_row(_SET, {"names": list(settings), "values": list(settings.values())})
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _QUERY_CANCELED:
            raise SearchTooSlow from error
        raise
