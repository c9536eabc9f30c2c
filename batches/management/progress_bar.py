"""Show a batch's progress: as a bar in a terminal, otherwise as lines of text."""

import itertools
import time
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from batches.engine.liveness import live_workers
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus

POLL_SECONDS = 0.3
LINE_SECONDS = 5.0
MAX_FAILURES = 50
FINISHED = frozenset({BatchStatus.COMPLETED, BatchStatus.CANCELLED})
Write = Callable[[str], object]


def do_nothing() -> None:
    """Do nothing. This is the default for `between_polls`."""


def follow(
    batch_id: int, write: Write, *, terminal: bool, between_polls: Callable[[], None] = do_nothing
) -> UploadBatch:
    """Show the progress of a batch until it is completed or cancelled, and return its final state.

    This function only reads, so Ctrl-C does not affect the batch. It writes a warning if no worker is running.
    Exceptions from `between_polls` propagate.
    """
    if not live_workers():
        write("No worker is running. Files will wait until one is started, for example with `make run`.")
    states = _poll(batch_id, between_polls)
    return _show_bar(states) if terminal else _write_lines(states, write)


def _poll(batch_id: int, between_polls: Callable[[], None]) -> Iterator[UploadBatch]:
    while True:
        batch = UploadBatch.objects.get(id=batch_id)
        yield batch
        if batch.status in FINISHED:
            return
        between_polls()
        time.sleep(POLL_SECONDS)


def _show_bar(states: Iterator[UploadBatch]) -> UploadBatch:
    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}", markup=False),
        TimeRemainingColumn(),
    ]
    # Start the bar with the files processed so far, so that the time estimate uses only later progress.
    first = next(states)
    with Progress(*columns) as progress:
        task = progress.add_task(first.name, total=first.expected_total, completed=first.processed, failed="")
        for batch in itertools.chain([first], states):
            failed = f"{batch.failed} failed" if batch.failed else ""
            description = f"{batch.name}: {batch.get_status_display()}"
            progress.update(
                task, description=description, completed=batch.processed, total=batch.expected_total, failed=failed
            )
    return batch


def _write_lines(states: Iterator[UploadBatch], write: Write) -> UploadBatch:
    """Write a line when the progress has changed, but at most once every LINE_SECONDS; always write the final state."""
    last_line, written_at = "", 0.0
    for batch in states:
        line = f"{batch.get_status_display()}: {batch.processed} of {batch.expected_total} files, {batch.failed} failed"
        now = time.monotonic()
        if line != last_line and (now - written_at >= LINE_SECONDS or batch.status in FINISHED):
            write(line)
            last_line, written_at = line, now
    return batch


def failure_lines(batch: UploadBatch) -> Iterator[str]:
    """Yield a line with the reason for each of the first MAX_FAILURES failed files, then the number of any others."""
    failed = BatchItem.objects.filter(batch=batch, status=ItemStatus.FAILED).order_by("id")
    for item in failed[:MAX_FAILURES]:
        yield f"  {item}: {item.error_message}"
    if batch.failed > MAX_FAILURES:
        yield f"  and {batch.failed - MAX_FAILURES} more: see the page of the import."
