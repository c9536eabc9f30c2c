"""How the engine stands: who works on what, what waits, what is away, what was taken back. Only looks."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from batches.engine.liveness import live_workers
from batches.messaging.wake_ups import queue_key
from batches.models import BatchItem, Worker
from batches.models.states import ItemStatus, Stage
from uploads.database import fetch_row

MOST_COUNTED = 100_000
RECOVERIES_SHOWN = 10
REDIS_SECONDS = 1.0

# Both walk item_queue: the count ends at a limit, and the oldest is the first of each running batch.
DEPTH = """
WITH running AS (SELECT id FROM batches_uploadbatch WHERE status = 'processing')
SELECT (SELECT count(*) FROM (
            SELECT FROM running CROSS JOIN LATERAL (
                SELECT FROM batches_batchitem WHERE batch_id = running.id AND queue_position IS NOT NULL
                 ORDER BY queue_position LIMIT %(most)s) AS queue
             LIMIT %(most)s) AS waiting),
       (SELECT min(first.created_at) FROM running CROSS JOIN LATERAL (
            SELECT created_at FROM batches_batchitem WHERE batch_id = running.id AND queue_position IS NOT NULL
             ORDER BY queue_position LIMIT 1) AS first)
"""


@dataclass(frozen=True, slots=True)
class WorkerFile:
    """A file that a worker has. `stage` is blank until the heartbeat has written it; `seconds` since the claim."""

    item: int
    batch: int
    name: str
    stage: str
    seconds: float

    @property
    def stage_label(self) -> str:
        """The stage in the reader's language; blank until it is known."""
        return str(Stage(self.stage).label) if self.stage else ""


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """A worker process that holds its lock. `stall_code` is blank unless it waits for something outside."""

    id: int
    host: str
    pid: int
    threads: int
    since: datetime
    stall_code: str
    stall_message: str
    stalled_since: datetime | None
    in_flight: tuple[WorkerFile, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Files that were taken back after the end of a worker process."""

    worker: int
    host: str
    pid: int
    files: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The engine at one moment.

    `waiting` counts the waiting files of running batches; `waiting_bounded` says that there may be more than the
    MOST_COUNTED that were counted. `oldest_waiting` is when the first of them was announced. `orphaned_files` are files in
    the hand of processes that are gone; they are taken back within seconds. `wake_ups` is None while Redis is away.
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
        """The workers that wait for something outside."""
        return tuple(worker for worker in self.workers if worker.stall_code)

    @property
    def in_flight(self) -> int:
        """How many files the living workers have."""
        return sum(len(worker.in_flight) for worker in self.workers)

    @property
    def stalled(self) -> bool:
        """Whether there is work and nobody who could do it."""
        return bool(self.waiting or self.orphaned_files) and not self.workers


def read_status() -> EngineStatus:
    """Look at the engine in five queries and one question to Redis. Raises Django's OperationalError, never Redis'."""
    now = timezone.now()
    living = live_workers()
    held = _files_in_hand(now)
    rows = Worker.objects.filter(id__in=living).order_by("id")
    workers = tuple(_living(row, tuple(held.pop(row.id, ()))) for row in rows)
    waiting, oldest = fetch_row(DEPTH, {"most": MOST_COUNTED}) or (0, None)
    return EngineStatus(
        at=now,
        workers=workers,
        orphaned_files=tuple(file for files in held.values() for file in files),
        waiting=waiting,
        waiting_bounded=waiting >= MOST_COUNTED,
        oldest_waiting=oldest,
        wake_ups=wake_ups_waiting(),
        recoveries=_recoveries(),
    )


def wake_ups_waiting() -> int | None:
    """Return how many bells lie in Redis; None while it does not answer within REDIS_SECONDS."""
    patience = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **patience) as client:
            return int(client.llen(queue_key()))
    except redis.RedisError:
        return None


def _files_in_hand(now: datetime) -> dict[int, list[WorkerFile]]:
    """Return what is in hand by worker. Sorted here: an ORDER BY id would tempt the planner away from item_processing."""
    fields = ("id", "batch_id", "filename", "stage", "started_at", "worker")
    held: dict[int, list[WorkerFile]] = defaultdict(list)
    for item, batch, name, stage, started, worker in sorted(
        BatchItem.objects.filter(status=ItemStatus.PROCESSING).values_list(*fields), key=lambda row: row[0]
    ):
        seconds = round(max(0.0, (now - started).total_seconds()), 1) if started else 0.0
        held[worker or 0].append(WorkerFile(item, batch, name, stage, seconds))
    return held


def _living(row: Worker, in_flight: tuple[WorkerFile, ...]) -> LiveWorker:
    return LiveWorker(
        row.id,
        row.host,
        row.pid,
        row.threads,
        row.started_at,
        row.stall_code,
        row.stall_message,
        row.stalled_since,
        in_flight,
    )


def recovered_workers() -> QuerySet[Worker]:
    """Return the rows of the last RECOVERIES_SHOWN processes whose files were taken back, the latest first."""
    rows = Worker.objects.filter(recovered__gt=0)
    return rows.order_by(F("recovered_at").desc(nulls_last=True), "-id")[:RECOVERIES_SHOWN]


def _recoveries() -> tuple[Recovery, ...]:
    return tuple(Recovery(row.id, row.host, row.pid, row.recovered, row.recovered_at) for row in recovered_workers())
