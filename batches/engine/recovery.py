"""Return the items of dead and hung worker processes to the queue."""

import logging
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from batches.engine.attempt_history import record_losses
from batches.engine.item_fields import FINISHED_FIELDS, PENDING_FIELDS
from batches.engine.liveness import live_workers
from batches.engine.lost_workers import WorkerCheck, check_workers
from batches.engine.transitions import move_items
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch, Worker
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus, item_sources
from uploads.database import fetch_rows

logger = logging.getLogger(__name__)

CHUNK = 500
POISON = "item.poison"
DATABASE_TIMES = "SELECT pg_postmaster_start_time(), clock_timestamp()"


class Verdict(Enum):
    """What to do with an item whose worker is missing or whose lease has expired.

    KEEP leaves the item claimed. RELEASE puts it back into the queue. RELEASE_CRASHED also increments its
    `crash_count`. RELEASE_UNDECIDED puts it back before it is known whether its worker crashed, and stores the worker's
    id in `lost_worker`.
    """

    KEEP = auto()
    RELEASE = auto()
    RELEASE_CRASHED = auto()
    RELEASE_UNDECIDED = auto()


def recover_items() -> int:
    """Recover up to CHUNK items whose worker is missing or whose lease has expired: put them back into the queue.

    Return how many items were recovered, including those that failed. In the first GRACE_SECONDS after a start of the
    database server, only items with an expired lease are recovered, because workers may still have to acquire their
    locks again.

    An item's `crash_count` is incremented only if its worker is dead. It stays the same if the worker stopped normally,
    or if the item was claimed before the database server last started: the worker may still be alive in that case. An
    item whose `crash_count` reaches MAX_CRASHES fails instead (`item.poison`). Several processes may call this function
    at the same time.

    It takes a few seconds to confirm that a missing worker is dead. Its items go back into the queue before that, in
    quarantine, with the worker's id in `lost_worker`. Items that were already quarantined go back only after the
    confirmation, so that an item never has two unconfirmed crashes.
    """
    ((started, now),) = fetch_rows(DATABASE_TIMES, {})
    deciding = (now - started).total_seconds() > settings.GRACE_SECONDS
    if deciding:
        _decide_crashes()
    lost = Q(claimed_until__lt=Now())
    if deciding:
        lost |= ~Q(worker__in=live_workers())
    return _recover(lost, started, deciding=deciding)


def _decide_crashes() -> None:
    """Decide whether the workers recorded as `lost_worker` crashed, and update their items.

    If the worker is dead, increment the item's `crash_count` (even if the item has finished) and clear `lost_worker`.
    If the worker is live or stopped normally, only clear `lost_worker`.
    """
    with transaction.atomic():
        undecided = BatchItem.objects.select_for_update(skip_locked=True).filter(lost_worker__isnull=False)
        found = dict(undecided.order_by("id").values_list("id", "lost_worker")[:CHUNK])
        if not found:
            return
        check = check_workers({worker for worker in found.values() if worker is not None})
        items = BatchItem.objects.filter(id__in=found)
        items.filter(lost_worker__in=check.dead).update(crash_count=F("crash_count") + 1, lost_worker=None)
        items.filter(lost_worker__in=check.live | check.stopped).update(lost_worker=None)


def _recover(lost: Q, started: datetime, *, deciding: bool) -> int:
    with transaction.atomic():
        items = _lock_and_charge(lost, started, deciding=deciding)
        workers = list(items.values_list("worker").annotate(Count("id")).order_by("worker"))
        batches = list(items.values_list("batch_id", flat=True).distinct())
        record_losses(items.values_list("id", flat=True))
        _fail_poison(items)
        move_items(items, ItemStatus.PENDING, ItemStatus.PROCESSING, **PENDING_FIELDS)
    for worker, count in workers:
        Worker.objects.filter(id=worker).update(recovered=F("recovered") + count, recovered_at=timezone.now())
    for batch_id in batches:
        live_events.notify_batch_changed(batch_id)
    recovered: int = sum(count for _, count in workers)
    if recovered:
        logger.warning("Recovered %d files from workers that are missing or hung.", recovered)
    return recovered


def _lock_and_charge(lost: Q, started: datetime, *, deciding: bool) -> QuerySet[BatchItem]:
    """Lock up to CHUNK items that match `lost`, and return those to put back into the queue.

    For these items, increment `crash_count` if the worker crashed, or set `lost_worker` if that is not yet known.
    """
    processing = BatchItem.objects.select_for_update(skip_locked=True).filter(lost, status=ItemStatus.PROCESSING)
    items = list(processing.annotate(lease_over=Q(claimed_until__lt=Now())).order_by("id")[:CHUNK])
    if not items:
        return BatchItem.objects.none()
    # Check the workers only after locking the rows. Otherwise, a worker that has just claimed an item, or moved its
    # items to a new id, might not be recognised as live.
    check = check_workers({item.worker for item in items if item.worker}, deciding=deciding)
    verdicts: dict[Verdict, list[int]] = {verdict: [] for verdict in Verdict}
    for item in items:
        verdicts[_verdict(item, check, started)].append(item.id)
    crashed, undecided = verdicts[Verdict.RELEASE_CRASHED], verdicts[Verdict.RELEASE_UNDECIDED]
    BatchItem.objects.filter(id__in=crashed).update(crash_count=F("crash_count") + 1)
    BatchItem.objects.filter(id__in=undecided).update(lost_worker=F("worker"))
    return BatchItem.objects.filter(id__in=verdicts[Verdict.RELEASE] + crashed + undecided)


def _verdict(item: Any, check: WorkerCheck, started: datetime) -> Verdict:
    """Return what to do with `item`, which must be annotated with `lease_over`."""
    if item.worker in check.live:
        return Verdict.RELEASE if item.lease_over else Verdict.KEEP
    if item.worker in check.stopped or item.started_at is None or item.started_at <= started:
        return Verdict.RELEASE
    if item.lost_worker is not None:
        return Verdict.KEEP
    if item.worker in check.dead:
        return Verdict.RELEASE_CRASHED
    # It is not yet known whether the worker crashed. Until it is known, keep the item claimed if it is already
    # quarantined or if one crash is enough to fail it.
    return Verdict.KEEP if item.crash_count or settings.MAX_CRASHES == 1 else Verdict.RELEASE_UNDECIDED


def _fail_poison(items: QuerySet[BatchItem]) -> None:
    """Fail the items that crashed too many workers, and update the counters of their batches in batch id order."""
    poison = items.filter(
        crash_count__gte=settings.MAX_CRASHES, status__in=item_sources(ItemStatus.FAILED, ItemStatus.PROCESSING)
    )
    counts = list(poison.values_list("batch_id").annotate(Count("id")).order_by("batch_id"))
    if not counts:
        return
    failure = {"error_code": POISON, "error_message": default_message(POISON)}
    move_items(poison, ItemStatus.FAILED, ItemStatus.PROCESSING, **failure, **FINISHED_FIELDS)
    for batch_id, count in counts:
        UploadBatch.all_objects.filter(id=batch_id).update(failed=F("failed") + count, updated_at=timezone.now())
