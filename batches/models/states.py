"""The states of batches and items, and the allowed edges (state transitions) between them.

Every UPDATE that changes a state takes the allowed current states from `batch_sources` or `item_sources`, or requires a
valid claim, which only a `processing` item has. So only the transitions declared here can happen.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class BatchKind(models.TextChoices):
    """Whether a batch imports files, analyses stored pictures again or reads the text in them."""

    IMPORT = "import", _("Import")
    REANALYSIS = "reanalysis", _("New descriptions")
    TEXT = "text", _("Text in pictures")


class BatchStatus(models.TextChoices):
    """The state of a batch. `cancelled` is final. A retry or more files reopen a completed batch."""

    PENDING = "pending", _("Waiting for files")
    PROCESSING = "processing", _("Processing")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


class ItemStatus(models.TextChoices):
    """The state of one file in a batch.

    A missing file was announced but not received; it may still be sent. An ignored file was left out because it is
    junk, hidden or empty, because it only describes an export, or because it could not be read. An ignored file is only
    listed; if the reason was found in its bytes, these are not stored.
    """

    MISSING = "missing", _("Missing")
    RECEIVING = "receiving", _("Receiving")
    PENDING = "pending", _("Waiting")
    PROCESSING = "processing", _("In progress")
    COMPLETED = "completed", _("Described")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    IGNORED = "ignored", _("Ignored")


class ItemResult(models.TextChoices):
    """The outcome of a completed item. `archive` means that an item was added for each file in the archive."""

    NEW = "new", _("New")
    DUPLICATE = "duplicate", _("Already in the library")
    SIDECAR = "sidecar", _("Sidecar")
    ARCHIVE = "archive", _("Archive")


class Stage(models.TextChoices):
    """The processing step that the worker last reported for a file."""

    CHECKING = "checking", _("Checking")
    PREVIEWING = "previewing", _("Making previews")
    DESCRIBING = "describing", _("Describing")
    AUDITING = "auditing", _("Checking the description")
    EMBEDDING = "embedding", _("Preparing for search")
    INDEXING = "indexing", _("Saving")
    READING = "reading", _("Reading text")


class AttemptEnd(models.TextChoices):
    FAILED = "failed", _("Failed")
    LOST = "lost", _("Worker lost")


State = TypeVar("State", BatchStatus, ItemStatus)

BATCH_EDGES: Mapping[BatchStatus, frozenset[BatchStatus]] = {
    BatchStatus.PENDING: frozenset(
        {BatchStatus.PROCESSING, BatchStatus.PAUSED, BatchStatus.COMPLETED, BatchStatus.CANCELLED}
    ),
    BatchStatus.PROCESSING: frozenset({BatchStatus.PAUSED, BatchStatus.COMPLETED, BatchStatus.CANCELLED}),
    BatchStatus.PAUSED: frozenset({BatchStatus.PROCESSING, BatchStatus.COMPLETED, BatchStatus.CANCELLED}),
    BatchStatus.COMPLETED: frozenset({BatchStatus.PROCESSING}),
    BatchStatus.CANCELLED: frozenset(),
}
ITEM_EDGES: Mapping[ItemStatus, frozenset[ItemStatus]] = {
    ItemStatus.MISSING: frozenset({ItemStatus.RECEIVING}),
    # An unfinished upload becomes missing when the batch stops waiting for it.
    ItemStatus.RECEIVING: frozenset(
        {
            *(ItemStatus.PENDING, ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED),
            *(ItemStatus.MISSING, ItemStatus.IGNORED),
        }
    ),
    ItemStatus.PENDING: frozenset({ItemStatus.PROCESSING, ItemStatus.CANCELLED}),
    ItemStatus.PROCESSING: frozenset(
        {ItemStatus.PENDING, ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED, ItemStatus.IGNORED}
    ),
    ItemStatus.COMPLETED: frozenset(),
    # A failed item becomes pending if its bytes are stored, and receiving if they are not.
    ItemStatus.FAILED: frozenset({ItemStatus.PENDING, ItemStatus.RECEIVING}),
    ItemStatus.CANCELLED: frozenset(),
    ItemStatus.IGNORED: frozenset(),
}
LISTED_KINDS = (BatchKind.IMPORT, BatchKind.REANALYSIS)
"""The kinds of batches in lists, summaries and e-mails. Other batches start automatically and run in the background."""
LIVE_BATCHES = (BatchStatus.PENDING, BatchStatus.PROCESSING, BatchStatus.PAUSED)
OPEN_BATCHES = (*LIVE_BATCHES, BatchStatus.COMPLETED)
"""These batches accept more files and retries, which reopen a completed batch."""
WAITING_ITEMS = (ItemStatus.RECEIVING, ItemStatus.PENDING)
COUNTERS: Mapping[ItemStatus, str] = {
    ItemStatus.COMPLETED: "successful",
    ItemStatus.FAILED: "failed",
    ItemStatus.CANCELLED: "cancelled",
    ItemStatus.MISSING: "missing",
    ItemStatus.IGNORED: "ignored",
}
"""For each state that is not live, the field of UploadBatch that counts the items in that state."""
FINISHED_ITEMS = frozenset(COUNTERS) - {ItemStatus.MISSING}
RESULT_COUNTERS: Mapping[ItemResult, str] = {
    ItemResult.DUPLICATE: "duplicates",
    ItemResult.SIDECAR: "sidecars",
    ItemResult.ARCHIVE: "archives",
}
"""For each result but `new`, the field of UploadBatch that counts the completed items with that result."""


def batch_sources(target: BatchStatus, *only: BatchStatus) -> list[BatchStatus]:
    """Return the states from which a batch may change to `target`. If `only` is given, return just those states.

    Raises ValueError if no edge leads to `target`, or if the edge from a state in `only` is not declared.
    """
    return _sources(BATCH_EDGES, target, only)


def item_sources(target: ItemStatus, *only: ItemStatus) -> list[ItemStatus]:
    """Return the states from which an item may change to `target`. See `batch_sources` for `only` and errors."""
    return _sources(ITEM_EDGES, target, only)


def sql_states(states: Iterable[BatchStatus | ItemStatus]) -> str:
    """Return states as SQL literals for IN (…). With parameters instead, PostgreSQL might not use partial indexes."""
    return ", ".join(f"'{state.value}'" for state in states)


def _sources(edges: Mapping[State, frozenset[State]], target: State, only: tuple[State, ...]) -> list[State]:
    sources = [state for state, targets in edges.items() if target in targets]
    if not sources or not set(only) <= set(sources):
        raise ValueError(f"No edge from {only or 'any state'} to {target!r} is declared.")
    return list(only) or sources


def check_edges(edges: Mapping[State, frozenset[State]], states: type[State], final: set[State]) -> None:
    """Raise ValueError if these edges are inconsistent.

    Every state must have an entry, no edge may lead back to the same state or to an unknown state, and exactly the
    states in `final` must have no outgoing edges.
    """
    if set(edges) != set(states):
        raise ValueError(f"Every {states.__name__} needs its edges, and other states must have none.")
    for state, targets in edges.items():
        if not targets <= set(states) or state in targets:
            raise ValueError(f"{state!r} has an edge to itself or to an unknown state.")
    if {state for state, targets in edges.items() if not targets} != final:
        raise ValueError(f"Exactly {final} must have no outgoing edges.")


check_edges(BATCH_EDGES, BatchStatus, {BatchStatus.CANCELLED})
check_edges(ITEM_EDGES, ItemStatus, {ItemStatus.COMPLETED, ItemStatus.CANCELLED, ItemStatus.IGNORED})
