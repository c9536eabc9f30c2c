"""Explain why a running batch makes no progress.

There are three possible reasons: no worker is running, none of the running workers responds, or all responding workers
are waiting for a dependency.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.engine.liveness import HEARTBEATS, heartbeat_parameters
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from uploads.database import fetch_row

RESTART_TIME = timedelta(seconds=5)
"""Pages report that no worker is running only after this long without activity: workers may just be restarting."""

DEPENDENCIES = {
    "analysis": gettext_lazy("the models"),
    "clip": gettext_lazy("the models"),
    "database": gettext_lazy("the database"),
    "decoder": gettext_lazy("the decoders"),
    "model": gettext_lazy("the model server"),
    "storage": gettext_lazy("the storage"),
}
"""Each key is the part before the dot in a cause's code, such as `storage` in `storage.full`."""


class StallReason(NamedTuple):
    """Why a batch makes no progress.

    `short` is for lists, `message` is the full text, and `detail` is an error message in English.
    """

    short: str
    message: str
    detail: str = ""

    @property
    def text(self) -> str:
        """The message and the detail on one line."""
        return f"{self.message}: {self.detail}" if self.detail else self.message


# The query reads pg_locks, the newest rows of batches_worker, and the indexes item_queue and item_processing. To find
# the last activity, it reads only the newest workers, because older workers either ended earlier or are still live. The
# subquery on queue_position reads the first pending item; with EXISTS, the planner may scan the whole table instead.
WORKER_STATE = f"""
WITH live AS (
    SELECT worker.*, frozen
      FROM batches_worker worker JOIN ({HEARTBEATS}) AS session ON session.worker = worker.id
), newest AS (
    SELECT started_at, stopped_at FROM batches_worker ORDER BY id DESC LIMIT 20
)
SELECT (SELECT count(*) FROM live),
       (SELECT count(*) FROM live WHERE stall_code = '' AND NOT frozen),
       (SELECT ARRAY[stall_code, stall_message] FROM live WHERE stall_code <> '' AND NOT frozen
         ORDER BY stalled_since, id LIMIT 1),
       (SELECT max(greatest(started_at, stopped_at)) FROM newest),
       clock_timestamp(),
       ARRAY(SELECT batch.id FROM unnest(%(batches)s::bigint[]) AS batch (id)
              WHERE (SELECT id FROM batches_batchitem WHERE batch_id = batch.id AND queue_position IS NOT NULL
                      ORDER BY queue_position LIMIT 1) IS NOT NULL
                 OR EXISTS (SELECT FROM batches_batchitem WHERE batch_id = batch.id AND status = 'processing'))
"""


def stall_reasons(batches: Iterable[UploadBatch] | QuerySet[UploadBatch]) -> dict[int, StallReason]:
    """Return why `batches` make no progress, by batch id. Leave out batches that make progress or have no work.

    Runs one small query for any number of batches, or none if no processing batch has items left.
    """
    running = {batch.id: batch for batch in batches if batch.status == BatchStatus.PROCESSING and batch.remaining}
    if not running:
        return {}
    row = fetch_row(WORKER_STATE, heartbeat_parameters() | {"batches": list(running)})
    if row is None or row[1]:
        return {}
    live, _free, stall, last_activity, now, with_work = row
    if live:
        return dict.fromkeys(with_work, waiting_for(*stall) if stall else frozen_workers())
    return {id: no_worker() for id in with_work if _is_inactive(running[id], last_activity, now)}


def waiting_for(cause: str, message: str) -> StallReason:
    """Return the stall reason for an unavailable dependency. `cause` is a stable code such as `storage.full`."""
    short = _("Waiting for %(dependency)s") % {"dependency": DEPENDENCIES.get(cause.split(".")[0], cause)}
    return StallReason(short, short, message)


def no_worker() -> StallReason:
    """Return the stall reason for a batch while no worker is running."""
    message = _("No worker is running. Your files are safe and will be processed as soon as one starts.")
    return StallReason(_("No worker is running"), message)


def frozen_workers() -> StallReason:
    """Return the stall reason for a batch while workers are running but none of them responds."""
    message = _("The workers are not responding. Your files are safe. Ask your administrator to restart the workers.")
    return StallReason(_("The workers are not responding"), message)


def _is_inactive(batch: UploadBatch, last_activity: datetime | None, now: datetime) -> bool:
    """Return True if neither `batch` nor any worker was active in the last RESTART_TIME."""
    times = [time for time in (batch.last_served, batch.started_at, last_activity) if time is not None]
    return not times or now - max(times) > RESTART_TIME
