"""Following a batch in the terminal: a bar where there is one, plain lines where there is none."""

import itertools
import time
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from batches.engine.liveness import live_workers
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus

LOOK_SECONDS = 0.3
LINE_SECONDS = 5.0
FAILURES_SHOWN = 50
FINISHED = frozenset({BatchStatus.COMPLETED, BatchStatus.CANCELLED})
Say = Callable[[str], object]


def nothing() -> None:
    """What most followers do beside looking."""


def follow(batch_id: int, say: Say, *, terminal: bool, beside: Callable[[], None] = nothing) -> UploadBatch:
    """Show the progress of a batch until it is completed or cancelled; returns its last state.

    Only looks, so leaving by Ctrl-C changes nothing. Says so when no worker is there to do the work. `beside` is
    called between two looks; what it raises ends the following.
    """
    if not live_workers():
        say("No worker is running: files wait until one is started, for example by `make run`.")
    looks = _looks(batch_id, beside)
    return _bar(looks) if terminal else _lines(looks, say)


def _looks(batch_id: int, beside: Callable[[], None]) -> Iterator[UploadBatch]:
    """Read the batch again and again; the last one is finished."""
    while True:
        batch = UploadBatch.objects.get(id=batch_id)
        yield batch
        if batch.status in FINISHED:
            return
        beside()
        time.sleep(LOOK_SECONDS)


def _bar(looks: Iterator[UploadBatch]) -> UploadBatch:
    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}", markup=False),
        TimeRemainingColumn(),
    ]
    # What is done already is where the bar begins, not speed: the time left is told from what comes after.
    first = next(looks)
    with Progress(*columns) as progress:
        task = progress.add_task(first.name, total=first.expected_total, completed=first.processed, failed="")
        for batch in itertools.chain([first], looks):
            failed = f"{batch.failed} failed" if batch.failed else ""
            words = f"{batch.name}: {batch.get_status_display()}"
            progress.update(
                task, description=words, completed=batch.processed, total=batch.expected_total, failed=failed
            )
    return batch


def _lines(looks: Iterator[UploadBatch], say: Say) -> UploadBatch:
    """Say something at most every LINE_SECONDS, when there is news, and at the end."""
    said, then = "", 0.0
    for batch in looks:
        line = f"{batch.get_status_display()}: {batch.processed} of {batch.expected_total} files, {batch.failed} failed"
        now = time.monotonic()
        if line != said and (now - then >= LINE_SECONDS or batch.status in FINISHED):
            say(line)
            said, then = line, now
    return batch


def failures(batch: UploadBatch) -> Iterator[str]:
    """Yield one line for each of the first failed files, with its reason, then how many more there are."""
    failed = BatchItem.objects.filter(batch=batch, status=ItemStatus.FAILED).order_by("id")
    for item in failed[:FAILURES_SHOWN]:
        yield f"  {item}: {item.error_message}"
    if batch.failed > FAILURES_SHOWN:
        yield f"  and {batch.failed - FAILURES_SHOWN} more: see the page of the batch."
