"""What chaos workers do with a file, by TEST_PROCESSOR; each finish is written into the audit."""

import os
import signal
import time
from collections.abc import Callable

from batches.engine.in_flight import Job
from batches.engine.liveness import identity
from batches.models import BatchItem
from batches.models.states import Stage
from tests.chaos import finish_audit

POISON = "IMG_25.JPG"


def counted(held: Job) -> Callable[[], None]:
    """Take 20 ms, in steps that look whether the file is still wanted."""
    for stage in Stage:
        held.enter(stage)
        time.sleep(0.004)
    return lambda: finish_audit.note(held.claim.item_id, identity.id or 0)


def patient(held: Job) -> Callable[[], None]:
    """Take 0.1 s: so a batch outlasts a restart of the workers."""
    for stage in Stage:
        held.enter(stage)
        time.sleep(0.02)
    return lambda: finish_audit.note(held.claim.item_id, identity.id or 0)


def poisoned(held: Job) -> Callable[[], None]:
    """Die of one file, as of a decoder that is killed for its memory."""
    if BatchItem.objects.filter(id=held.claim.item_id, filename=POISON).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return counted(held)


def long_call(held: Job) -> Callable[[], None]:
    """Ask a model that takes a minute, and does not look whether its answer is still wanted."""
    held.enter(Stage.DESCRIBING)
    time.sleep(60)
    return counted(held)
