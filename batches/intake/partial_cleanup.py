"""Removes parts that nobody needs any more, a few at a time, and ends files that a crash left complete.

Each worker process looks at the folder of the parts every few minutes. Nothing depends on who does it or how often:
what is to become of a part is decided under its lock, from its row as it is then.
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

from batches.engine.incoming import fail_incomplete_item, is_resumable
from batches.engine.refusals import BatchClosed
from batches.intake.discard import discard_partial
from batches.intake.finalize import NotReceiving, finalize_item
from batches.intake.partial_file import PartialFile, locked_partial
from batches.intake.partial_lock import PartialFileBusy
from batches.intake.partial_paths import UNVERIFIED_SUFFIX, PartialFacts, partial_facts
from batches.models import BatchItem
from batches.models.states import BatchStatus, ItemStatus

logger = logging.getLogger(__name__)

EVERY_SECONDS = 300.0
MOST_FILES = 1000
# A complete part that is at rest for so long has lost its sender in the moment of its end.
REST_SECONDS = 60.0


class PartialFate(Enum):
    """What is to become of a part."""

    KEEP = "keep"
    DROP = "drop"
    EXPIRE = "expire"
    END = "end"


def partial_fate(item: BatchItem | None, facts: PartialFacts, now: float) -> PartialFate:
    """Decide from the file's row, with its batch, and from how its part stands at the time `now`. Pure."""
    if item is None or item.batch.status == BatchStatus.CANCELLED:
        return PartialFate.DROP
    if item.status == ItemStatus.RECEIVING and facts.size == item.size:
        return PartialFate.END if facts.changed + REST_SECONDS < now else PartialFate.KEEP
    if item.status != ItemStatus.RECEIVING and not is_resumable(item):
        return PartialFate.DROP
    return PartialFate.EXPIRE if facts.changed + settings.PARTIAL_SECONDS < now else PartialFate.KEEP


class PartialCleaner:
    """The rounds of one process. Not for several threads."""

    def __init__(self) -> None:
        self._next = 0.0
        self._rest: Iterator[str] = iter(())
        self._away = False

    def sweep_at_times(self) -> int:
        """Do a round if one is due; returns how many parts were removed. A disk that is away is logged once."""
        if time.monotonic() < self._next:
            return 0
        self._next = time.monotonic() + EVERY_SECONDS
        try:
            removed = self.sweep()
        except OSError as error:
            if not self._away:
                logger.warning("Parts cannot be swept: %s", error)
            self._away = True
            return 0
        self._away = False
        return removed

    def sweep(self) -> int:
        """Look at up to MOST_FILES files, going on where the last round ended; returns how many parts were removed."""
        names = list(islice(self._rest, MOST_FILES))
        if not names:
            self._rest = _names(Path(settings.PARTIAL_ROOT))
            names = list(islice(self._rest, MOST_FILES))
        ids = sorted({number for name in names if (number := _number(name)) is not None})
        rows = BatchItem.objects.select_related("batch").in_bulk(ids)
        left_over = {_number(name) for name in names if name.endswith(UNVERIFIED_SUFFIX)}
        now = time.time()
        return sum(
            _sweep_part(item_id)
            for item_id in ids
            if item_id in left_over or _fate_of(item_id, rows.get(item_id), now) is not PartialFate.KEEP
        )


partial_cleaner = PartialCleaner()


def _names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name
    except FileNotFoundError:
        return


def _number(name: str) -> int | None:
    """Return the item of a file of ours; None for what is not ours and stays."""
    number = name.removesuffix(UNVERIFIED_SUFFIX)
    return int(number) if number.isascii() and number.isdigit() else None


def _fate_of(item_id: int, item: BatchItem | None, now: float) -> PartialFate:
    facts = partial_facts(item_id)
    return partial_fate(item, facts, now) if facts else PartialFate.KEEP


def _sweep_part(item_id: int) -> int:
    """Decide once more, under the lock; returns whether a part went. What cannot be done now waits."""
    try:
        with locked_partial(item_id) as part:
            return int(part.size > 0 and _do(item_id, part))
    except PartialFileBusy:
        return 0
    except OSError as error:
        logger.warning("The part of file %d cannot be swept: %s", item_id, error)
        return 0


def _do(item_id: int, part: PartialFile) -> bool:
    item = BatchItem.objects.select_related("batch").filter(id=item_id).first()
    decided = partial_fate(item, part.facts(), time.time())
    if decided is PartialFate.KEEP:
        return False
    if item is not None and decided is PartialFate.END:
        with suppress(BatchClosed, NotReceiving):
            finalize_item(item, item.batch.owner_id, part)
        return True
    if decided is PartialFate.EXPIRE:
        fail_incomplete_item(item_id, "upload.expired")
    return discard_partial(item, part)
