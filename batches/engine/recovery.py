"""Taking files back from worker processes that died or hang."""

import logging
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from batches.engine.attempt_history import record_losses
from batches.engine.liveness import live_workers
from batches.engine.lost_workers import WorkerCheck, check_workers
from batches.engine.release import PENDING_FIELDS
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch, Worker
from batches.models.error_codes import default_message
from batches.models.states import ItemStatus

logger = logging.getLogger(__name__)

CHUNK = 500
NOBODY = WorkerCheck(frozenset())


class Fate(Enum):
    """What becomes of a file that seems lost: it goes back, without a death, with one, or with one left open."""

    STAYS = auto()
    BACK = auto()
    DIED = auto()
    OPEN = auto()


def recover_items() -> int:
    """Put the files of missing workers, and those whose lease is over, back into the queue; returns how many.

    Only a file that a dead worker had in hand counts one death more: none that it took before the database last
    started, for that worker may live, and none of a worker that signed off at an orderly stop. At MAX_CRASHES crash_count it
    fails instead (`item.poison`). Safe to run anywhere, often.

    Whether a worker is dead is known seconds after it is missed. A file goes back at once all the same, as a suspect
    that names the worker in `lost_worker`; one that is a suspect already waits, so that none has two crash_count undecided.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time(), clock_timestamp()")
        started, now = cursor.fetchone()
    deciding = (now - started).total_seconds() > settings.GRACE_SECONDS
    if deciding:
        _decide()
    lost = Q(claimed_until__lt=Now())
    if deciding:
        lost |= ~Q(worker__in=live_workers())
    return _take_back(lost, started, deciding=deciding)


def _decide() -> None:
    """Count the crash_count that were left open, whatever has become of the files, and forget those that were none."""
    with transaction.atomic():
        open_deaths = BatchItem.objects.select_for_update(skip_locked=True).filter(lost_worker__isnull=False)
        found = dict(open_deaths.order_by("id").values_list("id", "lost_worker")[:CHUNK])
        if not found:
            return
        look = check_workers({worker for worker in found.values() if worker is not None})
        items = BatchItem.objects.filter(id__in=found)
        items.filter(lost_worker__in=look.gone).update(crash_count=F("crash_count") + 1, lost_worker=None)
        items.filter(lost_worker__in=look.living | look.stopped).update(lost_worker=None)


def _take_back(lost: Q, started: datetime, *, deciding: bool) -> int:
    with transaction.atomic():
        items = _lock(lost, started, deciding=deciding)
        holders = list(items.values_list("worker").annotate(Count("id")).order_by("worker"))
        poison = items.filter(crash_count__gte=settings.MAX_CRASHES)
        failed = list(poison.values_list("batch_id").annotate(Count("id")).order_by("batch_id"))
        record_losses(items.values_list("id", flat=True))
        _fail_poison(poison)
        items.filter(status=ItemStatus.PROCESSING).update(**PENDING_FIELDS)
        batches = list(items.values_list("batch_id", flat=True).distinct())
        for batch_id, count in failed:
            UploadBatch.all_objects.filter(id=batch_id).update(failed=F("failed") + count, updated_at=timezone.now())
    for worker, count in holders:
        Worker.objects.filter(id=worker).update(recovered=F("recovered") + count, recovered_at=timezone.now())
    for batch_id in batches:
        live_events.notify_batch_changed(batch_id)
    taken: int = sum(count for _, count in holders)
    if taken:
        logger.warning("Took back %d files from workers that are missing or hang.", taken)
    return taken


def _lock(lost: Q, started: datetime, *, deciding: bool) -> QuerySet[BatchItem]:
    """Lock what may go back, count its death or leave it open, and return what does go back."""
    locked = BatchItem.objects.select_for_update(skip_locked=True).filter(lost, status=ItemStatus.PROCESSING)
    held = list(locked.annotate(over=Q(claimed_until__lt=Now())).order_by("id")[:CHUNK])
    # Not before the rows are locked: who took them meanwhile, or moved to another number with them, is seen to live.
    look = check_workers({item.worker for item in held if item.worker}, deciding=deciding) if held else NOBODY
    fates: dict[Fate, list[int]] = {fate: [] for fate in Fate}
    for item in held:
        fates[_fate(item, look, started)].append(item.id)
    BatchItem.objects.filter(id__in=fates[Fate.DIED]).update(crash_count=F("crash_count") + 1)
    BatchItem.objects.filter(id__in=fates[Fate.OPEN]).update(lost_worker=F("worker"))
    return BatchItem.objects.filter(id__in=fates[Fate.BACK] + fates[Fate.DIED] + fates[Fate.OPEN])


def _fate(item: Any, look: WorkerCheck, started: datetime) -> Fate:
    """Decide about a file that may be lost; `item.over`: its lease is."""
    if item.worker in look.living:
        return Fate.BACK if item.over else Fate.STAYS
    if item.worker in look.stopped or item.started_at is None or item.started_at <= started:
        return Fate.BACK
    if item.lost_worker is not None:
        return Fate.STAYS
    if item.worker in look.gone:
        return Fate.DIED
    # With this death it might be poison, or is a suspect already: that is decided before anybody has it again.
    return Fate.STAYS if item.crash_count or settings.MAX_CRASHES == 1 else Fate.OPEN


def _fail_poison(poison: QuerySet[BatchItem]) -> None:
    poison.update(
        status=ItemStatus.FAILED,
        stage="",
        claim=None,
        worker=None,
        claimed_until=None,
        finished_at=timezone.now(),
        error_code="item.poison",
        error_message=default_message("item.poison"),
    )
