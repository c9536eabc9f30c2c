"""All batches of one person at a glance, for every page: what runs, and what ended since the last look."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce

from batches.models import OwnerLook, UploadBatch
from batches.states import LIVE_BATCHES, BatchStatus

MOST_SHOWN = 100
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OwnBatches:
    """The live batches, oldest first, at most MOST_SHOWN, and how many more were completed since the last look."""

    live: tuple[UploadBatch, ...]
    finished: int

    @property
    def running(self) -> list[UploadBatch]:
        """Those that go on by themselves."""
        return [batch for batch in self.live if batch.is_active]

    @property
    def percent(self) -> int:
        """Whole percent over all that run."""
        whole = sum(batch.whole for batch in self.running)
        return sum(batch.processed for batch in self.running) * 100 // whole if whole else 0

    @property
    def state(self) -> str:
        """Another text whenever the list of batches would look otherwise."""
        rows = [(batch.id, batch.name, batch.status, batch.processed, batch.whole) for batch in self.live]
        return f"{zlib.crc32(repr(rows).encode()):x}-{self.finished}"


def read_own_batches(owner_id: int) -> OwnBatches:
    """Look, in two queries over small partial indexes."""
    live = UploadBatch.objects.filter(owner_id=owner_id, status__in=LIVE_BATCHES).order_by("id")
    return OwnBatches(tuple(live[:MOST_SHOWN]), unseen(owner_id)[:MOST_SHOWN].count())


def unseen(owner_id: int) -> QuerySet[UploadBatch]:
    """Return the batches that were completed since their owner last looked."""
    look = OwnerLook.objects.filter(owner_id=owner_id).values("looked_at")
    return UploadBatch.objects.filter(
        owner_id=owner_id, status=BatchStatus.COMPLETED, completed_at__gt=Coalesce(Subquery(look), LONG_AGO)
    )
