"""Workers that consist only of a row and a lock, without a process."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from batches.engine.liveness import Identity
from batches.models import Worker


@contextmanager
def fake_worker(cause: str = "", message: str = "") -> Iterator[Worker]:
    """Create a worker that holds its lock while the block runs. If `cause` is given, the worker is stalled."""
    identity = Identity()
    assert identity.acquire()
    assert identity.id is not None
    try:
        workers = Worker.objects.filter(id=identity.id)
        if cause:
            workers.update(stall_code=cause, stall_message=message, stalled_since=timezone.now())
        yield workers.get()
    finally:
        identity.release()
