"""Summarise an owner's batches for every page: live batches, and how many completed since the owner's last visit."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from batches.engine.missing_files import interrupted_uploads
from batches.models import UploadBatch
from batches.models.states import LISTED_KINDS, LIVE_BATCHES
from batches.services.last_seen import unseen_batches

MAX_BATCHES = 100


@dataclass(frozen=True, slots=True)
class OwnerSummary:
    """The live batches, oldest first, and the number of completed batches that their owner has not seen yet.

    Both are limited to MAX_BATCHES. `interrupted` maps the id of each batch with an interrupted upload to its number of
    missing files.
    """

    live: tuple[UploadBatch, ...]
    finished: int
    interrupted: Mapping[int, int]

    @property
    def running(self) -> list[UploadBatch]:
        """The live batches that are not paused and whose upload is not interrupted."""
        return [batch for batch in self.live if batch.is_active and batch.id not in self.interrupted]

    @property
    def active(self) -> bool:
        """Whether changes are expected. The owner may continue an interrupted upload at any moment."""
        return bool(self.running or self.interrupted)

    @property
    def missing(self) -> int:
        """How many files are missing in all interrupted uploads."""
        return sum(self.interrupted.values())

    @property
    def interrupted_batch_id(self) -> int | None:
        """The id of the interrupted batch, if there is only one."""
        return next(iter(self.interrupted)) if len(self.interrupted) == 1 else None

    @property
    def percent(self) -> int:
        """The overall progress of the running batches in percent, rounded down."""
        total = sum(batch.expected_total for batch in self.running)
        return sum(batch.processed for batch in self.running) * 100 // total if total else 0

    @property
    def state(self) -> str:
        """A token that changes whenever the list of batches on a page would look different."""
        rows = [(batch.id, batch.name, batch.status, batch.processed, batch.expected_total) for batch in self.live]
        return f"{zlib.crc32(repr([rows, self.interrupted]).encode()):x}-{self.finished}"


def read_owner_summary(owner_id: int) -> OwnerSummary:
    """Read the summary with two queries over small partial indexes, plus one if an upload may be interrupted."""
    listed = UploadBatch.objects.filter(owner_id=owner_id, kind__in=LISTED_KINDS)
    live = listed.filter(status__in=LIVE_BATCHES).order_by("id")[:MAX_BATCHES]
    finished = unseen_batches(owner_id).values_list("id")[:MAX_BATCHES]
    return OwnerSummary(tuple(live), len(finished), interrupted_uploads(live))


def owner_summary(request: HttpRequest) -> dict[str, object]:
    """Add `owner_summary` to the context of templates. The database is queried only if a template uses it."""
    return {"owner_summary": SimpleLazyObject(lambda: read_owner_summary(request.user.pk or 0))}
