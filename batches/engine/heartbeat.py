"""The heartbeat of a worker process: record its outage, update its jobs' stages and leases, and find hung jobs."""

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

# A row is updated only if the job's stage has changed or a third of its lease has passed. Locked rows are skipped,
# because another transaction is already changing them, for example to finish or cancel the item.
HEARTBEAT = """
UPDATE batches_batchitem AS item SET stage = job.stage, claimed_until = clock_timestamp() + %(lease)s
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(stages)s::text[]) AS job (id, token, stage)
 WHERE item.id = job.id AND item.claim = job.token
   AND (item.stage <> job.stage OR item.claimed_until < clock_timestamp() + %(lease)s * 2 / 3)
   AND item.id IN (SELECT id FROM batches_batchitem WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED)
RETURNING item.batch_id
"""


class LastStall:
    """The worker id and the outage (cause and message) that this process last wrote to the worker's row."""

    value = (0, "", "")


def beat(worker: int) -> list[Job]:
    """Record the outage and changed stages, renew leases, and ask jobs to stop if their batch is not processing.

    Return the hung jobs, that is, those that have exceeded the deadline of their stage. Their leases are not renewed.
    If no job is hung, release the claims that could not be released earlier; if that fails again, the next beat
    retries.
    """
    _write_stall(worker)
    hung = _update_jobs(in_flight.jobs())
    if not hung:
        claims = in_flight.unreleased()
        release_and_purge(claims)
        in_flight.forget_unreleased(claims)
    return hung


def release_and_purge(claims: Sequence[Claim]) -> None:
    """Release claims whose jobs may have been interrupted while writing their outcome. Idempotent.

    Also schedule the deletion of the pictures' files, because a picture may have been deleted while its previews were
    being written. The files of existing pictures are kept.
    """
    release_claims(claims)
    schedule_deletion([claim.upload_key for claim in claims if claim.upload_key])


def stage_seconds(stage: str) -> float:
    """Return how many seconds a stage may take before its job counts as hung."""
    return settings.STAGE_DEADLINES.get(stage, settings.STAGE_SECONDS)


def _update_jobs(jobs: list[Job]) -> list[Job]:
    if not jobs:
        return []
    batches = UploadBatch.objects.filter(id__in={job.claim.batch_id for job in jobs})
    running = set(batches.filter(status=BatchStatus.PROCESSING).values_list("id", flat=True))
    for job in jobs:
        job.stop_requested = job.stop_requested or job.claim.batch_id not in running
    hung = [job for job in jobs if job.seconds() > stage_seconds(job.stage)]
    for batch_id in _write_jobs([job for job in jobs if job not in hung]):
        live_events.notify_batch_changed(batch_id)
    return hung


def _write_stall(worker: int) -> None:
    """If the current outage has changed since the last write, update the worker's row."""
    cause, message = breaker.open_cause()
    if (worker, cause, message) == LastStall.value:
        return
    since = timezone.now() if cause else None
    row = Worker.objects.filter(id=worker)
    row.update(stall_code=cause[:50], stall_message=message[:500], stalled_since=since)
    LastStall.value = (worker, cause, message)


def _write_jobs(jobs: Sequence[Job]) -> set[int]:
    """Write the jobs' stages and leases in one statement; return the ids of the batches whose items were updated."""
    changed = fetch_rows(
        HEARTBEAT,
        {
            "ids": [job.claim.item_id for job in jobs],
            "tokens": [job.claim.token for job in jobs],
            "stages": [str(job.stage) for job in jobs],
            "lease": timedelta(seconds=settings.LEASE_SECONDS),
        },
    )
    return {batch_id for (batch_id,) in changed}
