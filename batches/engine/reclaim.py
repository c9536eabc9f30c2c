"""Taking files back from worker processes that died or hang."""

import logging

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from batches import events
from batches.engine.give_back import QUEUED
from batches.engine.liveness import living_workers
from batches.models import BatchItem, UploadBatch, Worker
from batches.states import ItemStatus

logger = logging.getLogger(__name__)

CHUNK = 500


def reclaim() -> int:
    """Put the files of dead workers, and those whose lease is over, back into the queue; returns how many.

    Only a file that a dead worker had in hand counts one death more, and none that it took before the database last
    started: that worker may live. At MAX_DEATHS deaths it fails instead (`item.poison`). Safe to run anywhere, often.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time(), clock_timestamp()")
        started, now = cursor.fetchone()
    lost = Q(claimed_until__lt=Now())
    if (now - started).total_seconds() > settings.GRACE_SECONDS:
        lost |= ~Q(worker__in=living_workers())
    ids = list(
        BatchItem.objects.filter(lost, status=ItemStatus.PROCESSING).order_by("id").values_list("id", flat=True)[:CHUNK]
    )
    return _take_back(ids, lost, started) if ids else 0


def _take_back(ids: list[int], lost: Q, started: object) -> int:
    dead = ~Q(worker__in=living_workers()) & Q(started_at__gt=started)
    with transaction.atomic():
        locked = list(
            BatchItem.objects.select_for_update(skip_locked=True)
            .filter(lost, id__in=ids, status=ItemStatus.PROCESSING)
            .order_by("id")
            .values_list("id", flat=True)
        )
        items = BatchItem.objects.filter(id__in=locked)
        holders = list(items.values_list("worker").annotate(Count("id")).order_by("worker"))
        items.update(deaths=F("deaths") + Case(When(dead, then=Value(1)), default=Value(0)))
        poison = items.filter(deaths__gte=settings.MAX_DEATHS)
        failed = list(poison.values_list("batch_id").annotate(Count("id")).order_by("batch_id"))
        _fail_poison(poison)
        items.filter(status=ItemStatus.PROCESSING).update(**QUEUED)
        batches = list(items.values_list("batch_id", flat=True).distinct())
        for batch_id, count in failed:
            UploadBatch.everything.filter(id=batch_id).update(failed=F("failed") + count, updated_at=timezone.now())
    for worker, count in holders:
        Worker.objects.filter(id=worker).update(recovered=F("recovered") + count, recovered_at=timezone.now())
    for batch_id in batches:
        events.batch_changed(batch_id)
    if locked:
        logger.warning("Took back %d files from workers that died or hang.", len(locked))
    return len(locked)


def _fail_poison(poison: QuerySet[BatchItem]) -> None:
    poison.update(
        status=ItemStatus.FAILED,
        stage="",
        claim=None,
        worker=None,
        claimed_until=None,
        finished_at=timezone.now(),
        error_code="item.poison",
        error_message=f"The program ended {settings.MAX_DEATHS} times while working on this file, so it was put aside.",
    )
