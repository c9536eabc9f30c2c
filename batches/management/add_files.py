"""Add local files to a batch, and find the unfinished batch of an interrupted run."""

import itertools
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from batches import services
from batches.engine.refusals import BatchClosed, Refused
from batches.intake.activity import RECORD_INTERVAL, record_activity
from batches.intake.local_files import (
    IGNORED_UNREADABLE,
    ExistingFiles,
    LocalFile,
    find_existing,
    inspect_file,
    receive_local_file,
    unreadable_path,
)
from batches.intake.register import ignore_files
from batches.management.walk_files import FoundFile
from batches.models import UploadBatch
from batches.models.error_codes import error_text
from batches.models.states import LIVE_BATCHES, BatchKind, BatchStatus
from batches.worker.periodic_thread import PeriodicThread

REPORT_SECONDS = 5.0
PAGE_FILES = 500
MAX_CANDIDATES = 20
"""The maximum number of unfinished batches with the same name that are searched for this run's files."""
Write = Callable[[str], object]


@dataclass
class Tally:
    """Counts of the files handled so far.

    `ignored` counts files that were left out, and `skipped` counts files that an earlier run added. `duplicates` is how
    many of the `added` files were already in the library, so they were not copied. `unreadable` counts folders and
    links that cannot be read.
    """

    added: int = 0
    ignored: int = 0
    duplicates: int = 0
    skipped: int = 0
    unreadable: int = 0

    def summary(self, destination: str = "") -> str:
        """Return the counts as one line; `destination` is inserted after the number of added files."""
        line = f"{file_count(self.added)} added{destination}"
        if self.duplicates:
            line += f", {self.duplicates} of them already in the library and not copied"
        if self.ignored:
            line += f"; {file_count(self.ignored)} ignored (hidden, empty or system files)"
        if self.skipped:
            line += f"; {file_count(self.skipped)} added earlier"
        return f"{line}; folders and links that cannot be read: {self.unreadable}" if self.unreadable else line


def add_files(batch: UploadBatch, files: Iterable[FoundFile], write: Write) -> Tally:
    """Add the files that the batch does not have yet, then seal the batch.

    Files that the batch has already finished are not read again. Files are looked up in pages, to limit memory use. A
    progress line is written every few seconds. Raises BatchClosed, PartialFileBusy, and OSError from the storage.
    Raises Refused if a limit is reached or the server's disk fails. After Ctrl-C, raises KeyboardInterrupt before
    the next file; after a second Ctrl-C, immediately. In each case, the files added so far stay in the batch.
    """
    tally = Tally()
    reported = time.monotonic()
    with interruptible_between_files() as check_interrupt, activity_recorded(batch):
        for page in pages(files):
            batch.refresh_from_db(fields=["status", "total"])
            if batch.status == BatchStatus.CANCELLED:
                raise BatchClosed
            _ignore_files(batch, page, tally)
            existing = find_existing(batch, page)
            for local in page:
                if local.ignored:
                    continue
                _add_file(batch, local, existing, tally)
                if time.monotonic() - reported >= REPORT_SECONDS:
                    reported = time.monotonic()
                    write(tally.summary())
                check_interrupt()
    services.seal_batch(services.owner_scope(batch.owner), batch.id)
    return tally


def _ignore_files(batch: UploadBatch, page: Sequence[LocalFile], tally: Tally) -> None:
    """Record the files, folders and links in the page that are left out or cannot be read."""
    tally.ignored += _ignore(batch, [local for local in page if local.ignored not in ("", IGNORED_UNREADABLE)])
    unreadable = [local for local in page if local.ignored == IGNORED_UNREADABLE]
    tally.unreadable += len(unreadable)
    _ignore(batch, unreadable)


def _ignore(batch: UploadBatch, ignored: Sequence[LocalFile]) -> int:
    """Create items for those files that the batch does not have yet; return the number of new items."""
    if not ignored:
        return 0
    return ignore_files(batch, [local.file for local in ignored], [local.ignored for local in ignored])


def _add_file(batch: UploadBatch, local: LocalFile, existing: ExistingFiles, tally: Tally) -> None:
    if local.file.fingerprint in existing.finished:
        tally.skipped += 1
        return
    # Registering a file checks the batch's status and total, which other requests may have changed.
    batch.refresh_from_db(fields=["status", "total"])
    outcome = receive_local_file(batch, local, existing)
    if outcome.code.startswith("storage."):
        # The next file would fail too, so stop. The batch stays unsealed, so the next run can continue it.
        raise Refused(outcome.code)
    if outcome.state == "ignored":
        tally.ignored += 1
        return
    tally.added += 1
    tally.duplicates += outcome.state == "duplicate"


def pages(files: Iterable[FoundFile]) -> Iterator[list[LocalFile]]:
    """Inspect the files and yield them in lists of up to PAGE_FILES."""
    rest = iter(files)
    while page := [_inspect(found) for found in itertools.islice(rest, PAGE_FILES)]:
        yield page


def _inspect(found: FoundFile) -> LocalFile:
    inspect = inspect_file if found.is_readable else unreadable_path
    return inspect(found.path, found.relative_path)


@contextmanager
def activity_recorded(batch: UploadBatch) -> Iterator[None]:
    """While the block runs, keep recording that files are being added: copying one large file may take minutes."""
    thread = PeriodicThread("activity", RECORD_INTERVAL.total_seconds(), partial(record_activity, batch))
    thread.start()
    try:
        yield
    finally:
        thread.stop()


@contextmanager
def interruptible_between_files() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if Ctrl-C was pressed. A second Ctrl-C raises it immediately."""
    interrupted = False

    def handler(_signal: int, _frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def check() -> None:
        if interrupted:
            raise KeyboardInterrupt

    previous = signal.signal(signal.SIGINT, handler)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, previous)


def unfinished_batch(scope: services.Scope, name: str, first: Sequence[FoundFile]) -> UploadBatch | None:
    """Return the newest batch that was left behind by an interrupted run with the same files, or None.

    Such a batch is covered by the scope, is named `name`, is live and not sealed, and is empty or contains one of the
    `first` files. Several files are checked, because a file whose path, size or modification time has changed counts
    as a different file.
    """
    unsealed = scope.batches().filter(name=name, kind=BatchKind.IMPORT, sealed_at=None, status__in=LIVE_BATCHES)
    fingerprints = [_inspect(found).file.fingerprint for found in first]
    for batch in unsealed.order_by("-id")[:MAX_CANDIDATES]:
        if not batch.total or batch.items.filter(fingerprint__in=fingerprints).exists():
            return batch
    return None


def stop_reason(error: Exception) -> str:
    """Return a sentence that explains why no more files were added. `error` is the exception from `add_files`."""
    if isinstance(error, Refused):
        return error_text(error.code, error.message).text
    return f"{error}." if str(error) else "Another process is adding one of these files."


def file_count(count: int) -> str:
    """Return “1 file”, “2 files”, and so on."""
    return f"{count} file{'' if count == 1 else 's'}"
