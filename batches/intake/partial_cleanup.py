"""Remove partial files that are no longer needed, and finalize complete ones that a crash left behind.

Every worker process scans the partial files every few minutes. It does not matter which process scans or how often,
because each decision is made while the partial file is locked and uses the item's current row.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction

from batches.engine.incoming import fail_incomplete_item, is_resumable
from batches.engine.refusals import BatchClosed
from batches.intake import guest_limits
from batches.intake.discard import discard_outage, discard_partial
from batches.intake.finalize import finalize_item
from batches.intake.outcome import NotReceiving
from batches.intake.partial_file import PartialFile, PartialFileBusy, locked_partial
from batches.intake.partial_paths import UNVERIFIED_SUFFIX, PartialFacts, partial_facts
from batches.models import BatchItem
from batches.models.states import BatchStatus, ItemStatus
from uploads.outage_log import OutageLog

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 300.0
MAX_FILES = 1000
# If a complete partial file has not changed for this long, a crash left it behind and no process is finalizing it.
IDLE_SECONDS = 60.0


class PartialAction(Enum):
    """What to do with a partial file."""

    KEEP = "keep"
    DISCARD = "discard"
    EXPIRE = "expire"
    FINALIZE = "finalize"


def choose_action(item: BatchItem | None, facts: PartialFacts, now: float) -> PartialAction:
    """Decide what to do with a partial file, given its `facts` and its `item`, whose batch must be loaded. No I/O."""
    if item is None or item.batch.status == BatchStatus.CANCELLED:
        return PartialAction.DISCARD
    if item.status == ItemStatus.RECEIVING and facts.size == item.size:
        return PartialAction.FINALIZE if facts.changed + IDLE_SECONDS < now else PartialAction.KEEP
    if item.status != ItemStatus.RECEIVING and not is_resumable(item):
        return PartialAction.DISCARD
    return PartialAction.EXPIRE if facts.changed + settings.PARTIAL_SECONDS < now else PartialAction.KEEP


class PartialCleaner:
    """Scans the folder that contains the partial files, up to MAX_FILES files per round. Not thread-safe."""

    def __init__(self) -> None:
        self._next_run = 0.0
        self._names: Iterator[str] = iter(())
        self._outage = OutageLog(
            logger, "Partial files cannot be cleaned up: %s", "Partial files can be cleaned up again."
        )

    def clean_if_due(self) -> int:
        """Run a round if one is due; return the number of partial files removed. An unavailable disk is logged once."""
        if time.monotonic() < self._next_run:
            return 0
        self._next_run = time.monotonic() + INTERVAL_SECONDS
        try:
            removed = self.clean()
        except OSError as error:
            self._outage.report(error)
            return 0
        self._outage.report(None)
        return removed

    def clean(self) -> int:
        """Check the next MAX_FILES files; return the number of partial files removed."""
        names = list(islice(self._names, MAX_FILES))
        if not names:
            self._names = _list_names(Path(settings.PARTIAL_ROOT))
            names = list(islice(self._names, MAX_FILES))
        ids = sorted({item_id for name in names if (item_id := _item_id(name)) is not None})
        items = BatchItem.objects.select_related("batch").in_bulk(ids)
        unverified = {_item_id(name) for name in names if name.endswith(UNVERIFIED_SUFFIX)}
        now = time.time()
        return sum(
            _clean_partial(item_id)
            for item_id in ids
            if item_id in unverified or _needs_action(item_id, items.get(item_id), now)
        )


partial_cleaner = PartialCleaner()


def _list_names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name
    except FileNotFoundError:
        return


def _item_id(name: str) -> int | None:
    """Return the item id in the name of a partial file or marker, or None for any other file, which is kept."""
    number = name.removesuffix(UNVERIFIED_SUFFIX)
    return int(number) if number.isascii() and number.isdigit() else None


def _needs_action(item_id: int, item: BatchItem | None, now: float) -> bool:
    facts = partial_facts(item_id)
    return facts is not None and choose_action(item, facts, now) is not PartialAction.KEEP


def _clean_partial(item_id: int) -> int:
    """Lock the partial file, decide again and act; return 1 if received bytes were removed, otherwise 0.

    A disk error is logged once; a later scan tries again.
    """
    try:
        with locked_partial(item_id) as partial:
            return int(partial.size > 0 and _act(item_id, partial))
    except PartialFileBusy:
        return 0
    except OSError as error:
        discard_outage.report(error)
        return 0


def _act(item_id: int, partial: PartialFile) -> bool:
    item = BatchItem.objects.select_related("batch").filter(id=item_id).first()
    action = choose_action(item, partial.facts(), time.time())
    if action is PartialAction.KEEP:
        return False
    if item is not None and action is PartialAction.FINALIZE:
        with suppress(BatchClosed, NotReceiving):
            finalize_item(item, item.batch.owner_id, partial)
        return True
    if item is not None and action is PartialAction.EXPIRE:
        _expire(item)
    return discard_partial(item, partial)


def _expire(item: BatchItem) -> None:
    """Fail an item whose partial file has expired. It then no longer counts towards its guest link's limits."""
    link_id = item.batch.guest_link_id
    with transaction.atomic():
        # A guest's file that had already failed was subtracted when it failed.
        if fail_incomplete_item(item.id, "upload.expired") and link_id and item.status != ItemStatus.FAILED:
            guest_limits.release(link_id, [item.size])
