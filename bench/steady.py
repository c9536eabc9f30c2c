"""Finish a batch's files one by one at a steady rate, with the engine's claim and finish functions."""

import threading
import time
from datetime import timedelta

from django.db import connections
from django.utils import timezone

from batches.engine.claim import claim_item
from batches.engine.finish_item import complete_item
from batches.engine.in_flight import Claim
from batches.engine.liveness import identity
from batches.engine.scheduler import next_batch
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, Stage
from bench import rows

RATE = 130.0
IN_FLIGHT = 8


def run_to_completion(batch_id: int) -> float:
    """Finish all files of a batch in a separate thread, and return the seconds it took.

    The thread finishes RATE files per second, and keeps IN_FLIGHT files claimed until fewer are left.
    """
    start = time.perf_counter()
    thread = threading.Thread(target=_work, args=(batch_id,))
    thread.start()
    thread.join()
    return time.perf_counter() - start


def _work(batch_id: int) -> None:
    identity.acquire()
    UploadBatch.objects.filter(id=batch_id).update(status=BatchStatus.PROCESSING, started_at=timezone.now())
    claims: list[Claim] = []
    start, done = time.monotonic(), 0
    while True:
        if done % int(RATE) == 0:
            next_batch()
        while len(claims) < IN_FLIGHT and identity.id and (claim := claim_item(batch_id, identity.id)):
            BatchItem.objects.filter(id=claim.item_id).update(stage=Stage.DESCRIBING)
            claims.append(claim)
        if not claims:
            break
        complete_item(claims.pop(0))
        done += 1
        time.sleep(max(0.0, start + done / RATE - time.monotonic()))
    connections.close_all()


def finished_at(batch_id: int) -> list[float]:
    """Return the times at which the batch's files were finished, in order, in seconds since 1970."""
    items = BatchItem.objects.filter(batch_id=batch_id, finished_at__isnull=False).order_by("finished_at")
    return [when.timestamp() for when in items.values_list("finished_at", flat=True) if when]


def half_done(files: int, owner: str) -> int:
    """Create a batch of `files` files that is processing and half completed; return its id."""
    batch_id = rows.fill(files, owner)
    half, now = files // 2, timezone.now()
    rows.attach_pictures(batch_id)
    items = BatchItem.objects.filter(batch_id=batch_id)
    middle = items.order_by("id").values_list("id", flat=True)[half]
    items.filter(id__lt=middle).update(
        status="completed", result="new", queue_position=None, started_at=now - timedelta(seconds=30), finished_at=now
    )
    UploadBatch.objects.filter(id=batch_id).update(
        status=BatchStatus.PROCESSING, started_at=now - timedelta(minutes=5), successful=half
    )
    rows.vacuum()
    return batch_id
