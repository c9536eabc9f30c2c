"""The states of a batch and of its files, and the edges between them: declared once, tested without a database."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BatchKind(models.TextChoices):
    """Why a batch exists."""

    IMPORT = "import", _("Import")
    REANALYSIS = "reanalysis", _("Re-analysis")


class BatchStatus(models.TextChoices):
    """Where a batch stands. `cancelled` is final; more files or a retry reopen a completed one."""

    PENDING = "pending", _("Waiting for files")
    PROCESSING = "processing", _("Processing")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


class ItemStatus(models.TextChoices):
    """Where one file of a batch stands."""

    RECEIVING = "receiving", _("Receiving")
    PENDING = "pending", _("Waiting")
    PROCESSING = "processing", _("In hand")
    COMPLETED = "completed", _("Described")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Stage(models.TextChoices):
    """What is being done with a file in hand; always what really happens, never taken from a clock."""

    CHECKING = "checking", _("Checking")
    PREVIEWING = "previewing", _("Making previews")
    DESCRIBING = "describing", _("Describing")
    EMBEDDING = "embedding", _("Embedding")
    INDEXING = "indexing", _("Indexing")


class AttemptEnd(models.TextChoices):
    """How an attempt at a file ended that was not the last."""

    FAILED = "failed", _("Failed")
    LOST = "lost", _("Cut off")


BATCH_EDGES: dict[BatchStatus, frozenset[BatchStatus]] = {
    BatchStatus.PENDING: frozenset(
        {BatchStatus.PROCESSING, BatchStatus.PAUSED, BatchStatus.COMPLETED, BatchStatus.CANCELLED}
    ),
    BatchStatus.PROCESSING: frozenset({BatchStatus.PAUSED, BatchStatus.COMPLETED, BatchStatus.CANCELLED}),
    BatchStatus.PAUSED: frozenset({BatchStatus.PROCESSING, BatchStatus.COMPLETED, BatchStatus.CANCELLED}),
    BatchStatus.COMPLETED: frozenset({BatchStatus.PROCESSING}),
    BatchStatus.CANCELLED: frozenset(),
}
ITEM_EDGES: dict[ItemStatus, frozenset[ItemStatus]] = {
    ItemStatus.RECEIVING: frozenset(
        {ItemStatus.PENDING, ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED}
    ),
    ItemStatus.PENDING: frozenset({ItemStatus.PROCESSING, ItemStatus.CANCELLED}),
    ItemStatus.PROCESSING: frozenset(
        {ItemStatus.PENDING, ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED}
    ),
    ItemStatus.COMPLETED: frozenset(),
    # With its bytes stored it is tried again, without them it may be sent again.
    ItemStatus.FAILED: frozenset({ItemStatus.PENDING, ItemStatus.RECEIVING}),
    ItemStatus.CANCELLED: frozenset(),
}
LIVE_BATCHES = (BatchStatus.PENDING, BatchStatus.PROCESSING, BatchStatus.PAUSED)
LIVE_ITEMS = frozenset({ItemStatus.RECEIVING, ItemStatus.PENDING, ItemStatus.PROCESSING})
WAITING_ITEMS = (ItemStatus.RECEIVING, ItemStatus.PENDING)
FINISHED_ITEMS = frozenset({ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED})


def batch_sources(target: BatchStatus) -> list[BatchStatus]:
    """Return the states from which a batch may become `target`; the filter of every conditional UPDATE."""
    return [state for state, targets in BATCH_EDGES.items() if target in targets]


def item_sources(target: ItemStatus) -> list[ItemStatus]:
    """Return the states from which a file may become `target`."""
    return [state for state, targets in ITEM_EDGES.items() if target in targets]
