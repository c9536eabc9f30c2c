"""The audit table, which records each time an item is finished, and the gate, which blocks jobs."""

from django.db import connection

from batches.models import BatchItem
from batches.models.states import ItemStatus

TABLE = "chaos_finish"
GATE = 4711
EVERY_WORKER = 2**31 - 1


def prepare() -> None:
    """Create the empty table. It exists only in these tests."""
    _run(f"DROP TABLE IF EXISTS {TABLE}")
    _run(
        f"CREATE TABLE {TABLE} (item bigint NOT NULL, worker bigint NOT NULL, at timestamptz DEFAULT clock_timestamp())"
    )


def remove() -> None:
    _run(f"DROP TABLE {TABLE}")


def record(item_id: int, worker_id: int) -> None:
    """Record that the worker finished the item. The record is lost if the surrounding transaction rolls back."""
    _run(f"INSERT INTO {TABLE} (item, worker) VALUES (%s, %s)", item_id, worker_id)


def count() -> int:
    return _number(f"SELECT count(*) FROM {TABLE}")


def newest_worker() -> int:
    """Return the id of the newest worker, alive or not, or 0 if there is no worker."""
    return _number("SELECT coalesce(max(id), 0) FROM batches_worker")


def finished_after(worker_id: int) -> bool:
    """Return whether a worker newer than `worker_id` has finished an item."""
    return bool(_number(f"SELECT count(*) FROM {TABLE} WHERE worker > %s", worker_id))


def twice() -> list[int]:
    """Return the ids of the items that have been finished more than once."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT item FROM {TABLE} GROUP BY item HAVING count(*) > 1 ORDER BY item")
        return [row[0] for row in cursor.fetchall()]


def lost(batch_id: int) -> list[int]:
    """Return the ids of the batch's items that are completed but have no recorded finish, or vice versa.

    A duplicate that completed when its bytes arrived was never claimed, so it must have no recorded finish.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT item FROM {TABLE}")
        finished = {row[0] for row in cursor.fetchall()}
    items = BatchItem.objects.filter(batch_id=batch_id).values_list("id", "status", "attempts")
    return [
        item_id
        for item_id, status, attempts in items
        if (status == ItemStatus.COMPLETED and attempts > 0) != (item_id in finished)
    ]


def _run(statement: str, *parameters: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _number(statement: str, *parameters: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])


def close_gate(newest: int = EVERY_WORKER) -> None:
    """Block the jobs of workers up to the id `newest` until `open_gate` is called or this connection ends.

    Jobs of the processors `counted`, `crashing` and `long_call` ignore the gate.
    """
    _number("SELECT 1 FROM pg_advisory_lock(%s, %s)", GATE, newest)


def open_gate() -> None:
    """Let the blocked jobs continue."""
    _number("SELECT 1 FROM pg_advisory_unlock_all()")


def gate_is_closed(worker_id: int) -> bool:
    """Return whether the jobs of the worker `worker_id` are blocked."""
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid::bigint >= %s"
    ours = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    return bool(_number(f"{locks} AND {ours}", GATE, worker_id))
