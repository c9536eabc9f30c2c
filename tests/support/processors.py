"""Processors that tests select with TEST_PROCESSOR for the workers they start, and control by other variables."""

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
from django.db import connection
from django.db.models.functions import Coalesce
from django.utils import timezone

from batches.engine import cpu_slots, lost_workers
from batches.engine.in_flight import Job
from batches.intake.archives import process_item
from batches.models.states import Stage
from tests.support.waiting import wait_until
from uploads.database import fetch_row
from uploads.errors import EnvironmentalError, PermanentError, TransientError
from uploads.models import MediaKind, Upload


def slow(job: Job) -> None:
    """Take 0.1 s, spread over all stages, because a job checks for a stop only when it enters a stage."""
    for stage in Stage:
        job.enter(stage)
        time.sleep(0.1 / len(Stage))


def audited(job: Job) -> Callable[[], None]:
    """Take 0.1 s. Count how often the item is finished, in the transaction that finishes it.

    The count is stored in the upload's `duration`, which these tests do not use otherwise.
    """
    slow(job)
    upload = Upload.objects.filter(id=job.claim.upload_id or 0)

    def save() -> None:
        upload.update(duration=Coalesce("duration", 0.0) + 1)

    return save


def patient(job: Job) -> Callable[[], None]:
    """Like `audited`, but workers that regain their lock late, as on a busy machine, do not count as dead."""
    lost_workers.CONFIRM_AFTER = timedelta(seconds=30)
    return audited(job)


def recording(job: Job) -> Callable[[], None] | None:
    """Append each analysis to the file named by NOTES and take 0.1 s. Do not analyse a processed picture again."""
    if job.claim.already_processed:
        return None
    with Path(os.environ["NOTES"]).open("a") as notes:
        notes.write(f"{job.claim.upload_id}\n")
    slow(job)
    upload = Upload.objects.filter(id=job.claim.upload_id or 0)

    def save() -> None:
        upload.update(processed_at=timezone.now())

    return save


def unpacking(job: Job) -> Callable[[], None] | None:
    """Unpack archives and receive the files in them, like the real processor. Pictures are handled by `audited`."""
    return audited(job) if job.claim.upload_kind == MediaKind.IMAGE else process_item(job)


def hanging(job: Job) -> None:
    """Hang forever while describing the item HANGING_ITEM."""
    job.enter(Stage.DESCRIBING)
    if job.claim.item_id == int(os.environ["HANGING_ITEM"]):
        threading.Event().wait()


def needing_a_core(job: Job) -> None:
    """Take a CPU slot briefly. The item BUSY_ITEM takes one first, and keeps it while the file BUSY_WHILE exists."""
    cpu_slots.MAX_WAIT_SECONDS = 0.5
    job.enter(Stage.CHECKING)
    busy_while = Path(os.environ["BUSY_WHILE"])
    started = busy_while.with_suffix(".started")
    if job.claim.item_id == int(os.environ["BUSY_ITEM"]):
        with cpu_slots.cpu_slot(job):
            started.touch()
            while busy_while.exists():
                time.sleep(0.02)
    else:
        while not started.exists():
            time.sleep(0.02)
        with cpu_slots.cpu_slot(job):
            pass


def unreachable(job: Job) -> None:
    """Report the model server as unreachable while the file UNREACHABLE_WHILE exists."""
    job.enter(Stage.DESCRIBING)
    if Path(os.environ["UNREACHABLE_WHILE"]).exists():
        raise EnvironmentalError("model.away", "The model server does not answer.")


def message_with_nul(job: Job) -> None:
    """Fail with a code and a message that PostgreSQL cannot store; a model or a decoder may produce such text."""
    raise PermanentError("model.\0answer", "It said \0 and \udc80.")


def unusable_answer(job: Job, answer: str = "no words") -> None:
    """Fail like an analyzer whose model returned an unusable answer."""
    raise TransientError("model.answer", f"The model answered with {answer}.")


def without_message(job: Job) -> None:
    """Fail without a code or a message, as a faulty analyzer might."""
    raise PermanentError(None, None)  # type: ignore[arg-type]


def slow_unreachable(job: Job) -> None:
    """Take 0.1 s, then fail like `unreachable`."""
    slow(job)
    unreachable(job)


def instant(job: Job) -> None:
    """Do nothing."""


def ended_by_server(job: Job) -> Callable[[], None]:
    """While the item is being finished, wait until PostgreSQL ends the session, as it does for a suspended process."""

    def save() -> None:
        ask = "SELECT pg_backend_pid(), set_config('idle_in_transaction_session_timeout', '20', true)"
        session = (fetch_row(ask, {}) or (0,))[0]
        with psycopg.connect(**connection.get_connection_params(), autocommit=True) as watch:
            alive = "SELECT FROM pg_stat_activity WHERE pid = %s"
            wait_until(lambda: watch.execute(alive, [session]).fetchone() is None)

    return save
