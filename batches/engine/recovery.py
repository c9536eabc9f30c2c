"""Recover items from worker processes that died or hang: put them back into the queue."""

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
    """What to do with an item that seems lost: keep it claimed, or release it, with or without charging a crash.

    RELEASE_UNDECIDED: released before it is known whether its worker crashed; `lost_worker` names that worker.
    """

    KEEP = auto()
    RELEASE = auto()
    RELEASE_CRASHED = auto()
    RELEASE_UNDECIDED = auto()


def recover_items() -> int:
    """Put the items of missing workers, and those whose lease is over, back into the queue; return how many.

    A crash is charged only if the item's worker is dead. It is not charged if the worker made an orderly stop, or if
    the item was claimed before the database last started, because the worker may still be alive. An item with
    MAX_CRASHES crashes fails instead (`item.poison`). Several processes may run this at the same time.

    It takes seconds to confirm that a missing worker is dead. Its items are released before that, quarantined, with the
    worker in `lost_worker`. An item that is already quarantined is released only after the confirmation, so that no
    item ever has two undecided crashes.
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
    """Charge the undecided crashes of dead workers, even to finished items, and clear those of live ones."""
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
        items.filter(status__in=item_sources(ItemStatus.PENDING, ItemStatus.PROCESSING)).update(**PENDING_FIELDS)
    for worker, count in workers:
        Worker.objects.filter(id=worker).update(recovered=F("recovered") + count, recovered_at=timezone.now())
    for batch_id in batches:
        live_events.notify_batch_changed(batch_id)
    recovered: int = sum(count for _, count in workers)
    if recovered:
        logger.warning("Recovered %d files from workers that are missing or hang.", recovered)
    return recovered


def _lock_and_charge(lost: Q, started: datetime, *, deciding: bool) -> QuerySet[BatchItem]:
    """Lock the lost items, charge their crashes or leave them undecided, and return the items to release."""
    processing = BatchItem.objects.select_for_update(skip_locked=True).filter(lost, status=ItemStatus.PROCESSING)
    items = list(processing.annotate(lease_over=Q(claimed_until__lt=Now())).order_by("id")[:CHUNK])
    if not items:
        return BatchItem.objects.none()
    # Check after locking the rows: a worker that has just claimed them, or moved them to a new id, then counts as live.
    check = check_workers({item.worker for item in items if item.worker}, deciding=deciding)
    verdicts: dict[Verdict, list[int]] = {verdict: [] for verdict in Verdict}
    for item in items:
        verdicts[_verdict(item, check, started)].append(item.id)
    crashed, undecided = verdicts[Verdict.RELEASE_CRASHED], verdicts[Verdict.RELEASE_UNDECIDED]
    BatchItem.objects.filter(id__in=crashed).update(crash_count=F("crash_count") + 1)
    BatchItem.objects.filter(id__in=undecided).update(lost_worker=F("worker"))
    return BatchItem.objects.filter(id__in=verdicts[Verdict.RELEASE] + crashed + undecided)


def _verdict(item: Any, check: WorkerCheck, started: datetime) -> Verdict:
    """Return what to do with an item, which is annotated with `lease_over`."""
    if item.worker in check.live:
        return Verdict.RELEASE if item.lease_over else Verdict.KEEP
    if item.worker in check.stopped or item.started_at is None or item.started_at <= started:
        return Verdict.RELEASE
    if item.lost_worker is not None:
        return Verdict.KEEP
    if item.worker in check.dead:
        return Verdict.RELEASE_CRASHED
    # If it is quarantined already, or one more crash would fail it, keep it until it is known whether the worker
    # crashed.
    return Verdict.KEEP if item.crash_count or settings.MAX_CRASHES == 1 else Verdict.RELEASE_UNDECIDED


def _fail_poison(items: QuerySet[BatchItem]) -> None:
    """Fail the items that crashed too many workers, and count them in their batches, in the order of batch ids."""
    poison = items.filter(
        crash_count__gte=settings.MAX_CRASHES, status__in=item_sources(ItemStatus.FAILED, ItemStatus.PROCESSING)
    )
    counts = list(poison.values_list("batch_id").annotate(Count("id")).order_by("batch_id"))
    if not counts:
        return
    poison.update(status=ItemStatus.FAILED, error_code=POISON, error_message=default_message(POISON), **FINISHED_FIELDS)
    for batch_id, count in counts:
        UploadBatch.all_objects.filter(id=batch_id).update(failed=F("failed") + count, updated_at=timezone.now())
