"""Why a running batch stands still: every living worker waits for something outside, or no worker lives."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.engine.liveness import WORKER_LOCK_CLASS
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from uploads.database import fetch_row

SILENCE = timedelta(seconds=5)
"""How long no worker must have given a sign before it is said that none runs: a restart takes a moment."""

AWAY = {
    "analysis": gettext_lazy("the models"),
    "database": gettext_lazy("the database"),
    "model": gettext_lazy("the model server"),
    "storage": gettext_lazy("the storage"),
}
"""What is waited for, by the first part of a cause's code."""


class StallReason(NamedTuple):
    """Why a batch stands still: in a few words for a list, in whole sentences, and what the fault said, in English."""

    short: str
    message: str
    detail: str = ""

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.message}: {self.detail}" if self.detail else self.message


# Walks pg_locks, the newest rows of batches_worker, item_queue and item_processing. The last sign is of the newest
# workers alone: older ones ended before them or live. EXISTS in place of the first in the queue would tempt the planner
# into reading the table from its beginning.
WORKER_STATE = """
WITH living AS (
    SELECT worker.* FROM batches_worker worker WHERE worker.id IN (
        SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
           AND classid = %(locks)s::oid
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
), newest AS (
    SELECT started_at, stopped_at FROM batches_worker ORDER BY id DESC LIMIT 20
)
SELECT (SELECT count(*) FROM living),
       (SELECT count(*) FROM living WHERE stall_code = ''),
       (SELECT ARRAY[stall_code, stall_message] FROM living WHERE stall_code <> ''
         ORDER BY stalled_since, id LIMIT 1),
       (SELECT max(greatest(started_at, stopped_at)) FROM newest),
       clock_timestamp(),
       ARRAY(SELECT asked.id FROM unnest(%(batches)s::bigint[]) AS asked (id)
              WHERE (SELECT id FROM batches_batchitem WHERE batch_id = asked.id AND queue_position IS NOT NULL
                      ORDER BY queue_position LIMIT 1) IS NOT NULL
                 OR EXISTS (SELECT FROM batches_batchitem WHERE batch_id = asked.id AND status = 'processing'))
"""


def stall_reasons(batches: Iterable[UploadBatch] | QuerySet[UploadBatch]) -> dict[int, StallReason]:
    """Return what each of these batches waits for, by id; those that go on, or have no work, are left out.

    One small query however many batches are asked for, and none when none of them is running with files to come.
    """
    running = {batch.id: batch for batch in batches if batch.status == BatchStatus.PROCESSING and batch.remaining}
    if not running:
        return {}
    row = fetch_row(WORKER_STATE, {"locks": WORKER_LOCK_CLASS, "batches": list(running)})
    if row is None or row[1]:
        return {}
    alive, _free, holding, last_sign, now, with_work = row
    if alive:
        return dict.fromkeys(with_work, waiting_for(*holding))
    silent = [running[id] for id in with_work if _is_silent(running[id], last_sign, now)]
    return {batch.id: no_worker() for batch in silent}


def waiting_for(cause: str, message: str) -> StallReason:
    """Say what a worker that holds waits for; `cause` is a stable code such as `storage.full`."""
    short = _("Waiting for %(away)s") % {"away": AWAY.get(cause.split(".")[0], cause)}
    return StallReason(short, short, message)


def no_worker() -> StallReason:
    """Say that nobody is there to work."""
    message = _("No worker is running. Files stay safe and are worked on as soon as one starts.")
    return StallReason(_("No worker is running"), message)


def _is_silent(batch: UploadBatch, last_sign: datetime | None, now: datetime) -> bool:
    """Whether neither this batch nor any worker has shown a sign of work lately."""
    signs = [sign for sign in (batch.last_served, batch.started_at, last_sign) if sign is not None]
    return not signs or now - max(signs) > SILENCE
