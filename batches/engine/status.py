"""Read the engine's status: the workers and their files, the queue, outages and recoveries. Read-only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from batches.engine.liveness import Heartbeat, last_heartbeats
from batches.messaging.wake_ups import queue_key
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus, Stage
from uploads.database import fetch_row

MAX_COUNTED = 100_000
RECOVERIES_SHOWN = 10
REDIS_SECONDS = 1.0

# Both subqueries use the index item_queue. The count stops at the limit. To find the oldest item, only the first item
# of each batch's queue is compared.
QUEUE_DEPTH = """
WITH running AS (SELECT id FROM batches_uploadbatch WHERE status = 'processing')
SELECT (SELECT count(*) FROM (
            SELECT FROM running CROSS JOIN LATERAL (
                SELECT FROM batches_batchitem WHERE batch_id = running.id AND queue_position IS NOT NULL
                 ORDER BY queue_position LIMIT %(limit)s) AS queue
             LIMIT %(limit)s) AS waiting),
       (SELECT min(first.created_at) FROM running CROSS JOIN LATERAL (
            SELECT created_at FROM batches_batchitem WHERE batch_id = running.id AND queue_position IS NOT NULL
             ORDER BY queue_position LIMIT 1) AS first)
"""


@dataclass(frozen=True, slots=True)
class WorkerFile:
    """A file that a worker claimed `seconds` ago. `stage` is blank while the worker reports none."""

    item: int
    batch: int
    name: str
    stage: str
    seconds: float

    @property
    def stage_label(self) -> str:
        """The stage in the user's language; blank while it is unknown."""
        return str(Stage(self.stage).label) if self.stage else ""


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """A worker process that holds its lock. `stall_code` is blank unless the worker is waiting for a dependency.

    `last_heartbeat` is None if unknown. A worker is `frozen` if it has sent no heartbeat for 25 seconds.
    """

    id: int
    host: str
    pid: int
    threads: int
    since: datetime
    stall_code: str
    stall_message: str
    stalled_since: datetime | None
    last_heartbeat: datetime | None
    frozen: bool
    in_flight: tuple[WorkerFile, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """How many files were recovered from a worker process that died or hung."""

    worker: int
    host: str
    pid: int
    files: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """A snapshot of the engine's status.

    `waiting` is the number of pending files in running batches. If `waiting_bounded` is true, counting stopped at
    MAX_COUNTED, so there may be more. `oldest_waiting` is when the oldest pending file was registered. `orphaned_files`
    are claimed by workers that no longer hold their lock; they will be recovered within seconds. `wake_ups` is the
    number of wake-ups waiting in Redis, or None while Redis is down.
    """

    at: datetime
    workers: tuple[LiveWorker, ...]
    orphaned_files: tuple[WorkerFile, ...]
    waiting: int
    waiting_bounded: bool
    oldest_waiting: datetime | None
    wake_ups: int | None
    recoveries: tuple[Recovery, ...]

    @property
    def stalled_workers(self) -> tuple[LiveWorker, ...]:
        return tuple(worker for worker in self.workers if worker.stall_code)

    @property
    def in_flight(self) -> int:
        """How many files the live workers are processing."""
        return sum(len(worker.in_flight) for worker in self.workers)

    @property
    def stalled(self) -> bool:
        """Whether there are files to process but no running worker that responds."""
        files = self.waiting or self.orphaned_files or self.in_flight
        return bool(files) and all(worker.frozen for worker in self.workers)


def read_status() -> EngineStatus:
    """Read the status with five queries and one Redis command.

    Raises OperationalError if the database is down, but does not raise Redis errors.
    """
    now = timezone.now()
    heartbeats = last_heartbeats()
    files = _files_by_worker(now)
    rows = Worker.objects.filter(id__in=list(heartbeats)).order_by("id")
    workers = tuple(_live_worker(row, heartbeats[row.id], tuple(files.pop(row.id, ()))) for row in rows)
    waiting, oldest = fetch_row(QUEUE_DEPTH, {"limit": MAX_COUNTED}) or (0, None)
    return EngineStatus(
        at=now,
        workers=workers,
        orphaned_files=tuple(file for orphaned in files.values() for file in orphaned),
        waiting=waiting,
        waiting_bounded=waiting >= MAX_COUNTED,
        oldest_waiting=oldest,
        wake_ups=count_wake_ups(),
        recoveries=_recoveries(),
    )


def count_wake_ups() -> int | None:
    """Return how many wake-ups are waiting in Redis; None if Redis fails or does not answer within REDIS_SECONDS."""
    timeouts = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **timeouts) as client:
            return int(client.llen(queue_key()))
    except redis.RedisError:
        return None


def recovered_workers() -> QuerySet[Worker]:
    """Return up to RECOVERIES_SHOWN workers from which files were recovered, most recent recovery first."""
    rows = Worker.objects.filter(recovered__gt=0)
    return rows.order_by(F("recovered_at").desc(nulls_last=True), "-id")[:RECOVERIES_SHOWN]


def _recoveries() -> tuple[Recovery, ...]:
    return tuple(Recovery(row.id, row.host, row.pid, row.recovered, row.recovered_at) for row in recovered_workers())


def _files_by_worker(now: datetime) -> dict[int, list[WorkerFile]]:
    """Return the claimed files by worker id, sorted by item id.

    The rows are sorted in Python, because with ORDER BY id the planner would not use the index item_processing.
    """
    fields = ("id", "batch_id", "filename", "stage", "started_at", "worker")
    rows = BatchItem.objects.filter(status=ItemStatus.PROCESSING).values_list(*fields)
    files: dict[int, list[WorkerFile]] = defaultdict(list)
    for item, batch, name, stage, started, worker in sorted(rows, key=lambda row: row[0]):
        seconds = round(max(0.0, (now - started).total_seconds()), 1) if started else 0.0
        files[worker or 0].append(WorkerFile(item, batch, name, stage, seconds))
    return files


def _live_worker(row: Worker, heartbeat: Heartbeat, in_flight: tuple[WorkerFile, ...]) -> LiveWorker:
    return LiveWorker(
        row.id,
        row.host,
        row.pid,
        row.threads,
        row.started_at,
        row.stall_code,
        row.stall_message,
        row.stalled_since,
        heartbeat.at,
        heartbeat.frozen,
        in_flight,
    )
