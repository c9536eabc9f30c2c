"""Processors for the chaos workers (TEST_PROCESSOR). Each records the items it finishes in the audit table."""

import os
import random
import signal
import time
from collections.abc import Callable

from batches.engine.in_flight import Job
from batches.engine.liveness import identity
from batches.engine.process_upload import process_upload
from batches.models import BatchItem
from batches.models.states import Stage
from tests.chaos import finish_audit
from uploads.errors import TransientError

POISON = "IMG_25.JPG"
UNUSABLE_SHARE = 0.4  # share of unusable answers; an item fails after two of them


def counted(job: Job) -> Callable[[], None]:
    """Take about 30 ms, spread over all stages, because a job checks for a stop only when it enters a stage."""
    for stage in Stage:
        job.enter(stage)
        time.sleep(0.004)
    return lambda: finish_audit.record(job.claim.item_id, identity.id or 0)


def gated(job: Job) -> Callable[[], None]:
    """Work like `counted`, but wait while the gate is closed, so that a test decides which jobs are in flight."""
    record = counted(job)
    _wait_for_gate(job)
    return record


def crashing(job: Job) -> Callable[[], None]:
    """Kill the process when it reaches the item POISON, as the kernel does when a process uses too much memory."""
    if BatchItem.objects.filter(id=job.claim.item_id, filename=POISON).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return counted(job)


def long_call(job: Job) -> Callable[[], None]:
    """Take a minute without checking for a stop, like a long call to a model."""
    job.enter(Stage.DESCRIBING)
    time.sleep(60)
    return counted(job)


def photo(job: Job) -> Callable[[], None]:
    """Process a real picture. While the gate is closed, wait before finishing."""
    save = process_upload(job)
    _wait_for_gate(job)

    def finish() -> None:
        if save is not None:
            save()
        finish_audit.record(job.claim.item_id, identity.id or 0)

    return finish


def sometimes_unusable(job: Job) -> Callable[[], None]:
    """Process a real picture, but fail at random, like an analyzer that returns an unusable answer."""
    if not job.claim.already_processed and random.random() < UNUSABLE_SHARE:
        raise TransientError("analysis.answer")
    return photo(job)


def _wait_for_gate(job: Job) -> None:
    while finish_audit.gate_is_closed(identity.id or 0):
        job.raise_if_stopped()
        time.sleep(0.02)
