"""All batches of one person at a glance, for every page: what runs, and what ended since the last look."""

import zlib
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES
from batches.services.last_seen import unseen_batches

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class OwnerSummary:
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
        whole = sum(batch.expected_total for batch in self.running)
        return sum(batch.processed for batch in self.running) * 100 // whole if whole else 0

    @property
    def state(self) -> str:
        """Another text whenever the list of batches would look otherwise."""
        rows = [(batch.id, batch.name, batch.status, batch.processed, batch.expected_total) for batch in self.live]
        return f"{zlib.crc32(repr(rows).encode()):x}-{self.finished}"


def read_owner_summary(owner_id: int) -> OwnerSummary:
    """Look, in two queries over small partial indexes."""
    live = UploadBatch.objects.filter(owner_id=owner_id, status__in=LIVE_BATCHES).order_by("id")
    return OwnerSummary(tuple(live[:MOST_SHOWN]), unseen_batches(owner_id)[:MOST_SHOWN].count())


def owner_summary(request: HttpRequest) -> dict[str, object]:
    """Give templates `owner_summary`; it is read only where it is shown."""
    return {"owner_summary": SimpleLazyObject(lambda: read_owner_summary(request.user.pk or 0))}
