"""What a worker process writes about its files in hand, at most once a second."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from batches.engine.circuit_breaker import breaker
from batches.engine.in_flight import Claim, Job, in_flight
from batches.engine.release import release_claims
from batches.messaging import live_events
from batches.models import UploadBatch, Worker
from batches.models.states import BatchStatus
from uploads.database import fetch_rows
from uploads.storage.file_deletion import schedule_deletion

# A stage is written once, a lease renewed when a third of it is used up. A locked row is being finished or cancelled:
# no news from here.
BEAT = """
UPDATE batches_batchitem AS item SET stage = held.stage, claimed_until = clock_timestamp() + %(lease)s
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(stages)s::text[]) AS held (id, token, stage)
 WHERE item.id = held.id AND item.claim = held.token
   AND (item.stage <> held.stage OR item.claimed_until < clock_timestamp() + %(lease)s * 2 / 3)
   AND item.id IN (SELECT id FROM batches_batchitem WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED)
RETURNING item.batch_id
"""


class Told:
    """What was last written of this process's hold: its worker, the cause and the words."""

    last = (0, "", "")


def beat(worker: int) -> list[Job]:
    """Write new stages, renew leases before the stage's deadline, and learn which files are not wanted any more.

    Returns the files that have been in one stage for longer than it may take: their leases are not renewed. Where there
    are none, claims that were lost go back, after all that others wait for: each beat tries it until it is done.
    """
    _write_hold(worker)
    hung = _look_after(in_flight.jobs())
    if not hung:
        lost = in_flight.unreleased()
        release_and_purge(lost)
        in_flight.forget_unreleased(lost)
    return hung


def _look_after(all_held: list[Job]) -> list[Job]:
    if not all_held:
        return []
    batches = UploadBatch.objects.filter(id__in={held.claim.batch_id for held in all_held})
    running = set(batches.filter(status=BatchStatus.PROCESSING).values_list("id", flat=True))
    for held in all_held:
        held.stop_requested = held.stop_requested or held.claim.batch_id not in running
    hung = [held for held in all_held if held.seconds() > stage_seconds(held.stage)]
    for batch_id in _write([held for held in all_held if held not in hung]):
        live_events.notify_batch_changed(batch_id)
    return hung


def release_and_purge(claims: Sequence[Claim]) -> None:
    """Give claims back whose finish may have been cut off; once more does no harm.

    The picture of one may have been deleted before its previews came.
    """
    release_claims(claims)
    schedule_deletion([claim.upload_key for claim in claims if claim.upload_key])


def stage_seconds(stage: str) -> float:
    """Return how long a file may be in a stage."""
    return settings.STAGE_DEADLINES.get(stage, settings.STAGE_SECONDS)


def _write_hold(worker: int) -> None:
    """Tell in the worker's row what it waits for; the database hears of it only when that changes."""
    cause, message = breaker.open_cause()
    if (worker, cause, message) == Told.last:
        return
    since = timezone.now() if cause else None
    row = Worker.objects.filter(id=worker)
    row.update(stall_code=cause[:50], stall_message=message[:500], stalled_since=since)
    Told.last = (worker, cause, message)


def _write(all_held: Sequence[Job]) -> set[int]:
    """Write the stages and leases in one statement; returns the batches whose pages have something new to show."""
    changed = fetch_rows(
        BEAT,
        {
            "ids": [held.claim.item_id for held in all_held],
            "tokens": [held.claim.token for held in all_held],
            "stages": [str(held.stage) for held in all_held],
            "lease": timedelta(seconds=settings.LEASE_SECONDS),
        },
    )
    return {batch_id for (batch_id,) in changed}
