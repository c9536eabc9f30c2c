"""Add files of this machine to a batch: a new one, or one that an earlier run left unfinished."""

import itertools
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from batches import services
from batches.engine.refusals import BatchClosed, Refused
from batches.intake.local_files import ExistingFiles, LocalFile, find_existing, inspect_file, receive_local_file
from batches.management.walk_files import FoundFile
from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES, BatchKind, BatchStatus

REPORT_SECONDS = 5.0
PAGE_FILES = 500
MAX_CANDIDATES = 20
"""This many unfinished batches of the same name are checked for the files of this run."""
Write = Callable[[str], object]


@dataclass
class Tally:
    """Counts of files so far. `known`: those of `added` that were already in the library and not copied."""

    added: int = 0
    known: int = 0
    skipped: int = 0

    def summary(self, destination: str = "") -> str:
        """Return one line; `destination` follows the number of added files."""
        line = f"{file_count(self.added)} added{destination}"
        if self.known:
            line += f", {self.known} of them already in the library and not copied"
        return f"{line}; {file_count(self.skipped)} added earlier" if self.skipped else line


def add_files(batch: UploadBatch, files: Iterable[FoundFile], write: Write) -> Tally:
    """Add the files that the batch does not have, then seal it. Files are looked up in pages, so memory is bounded.

    A file that is finished in the batch is not read again. Writes a line of progress every few seconds. Raises Refused
    if the batch or the server's disk is full (files already added stay), PartialFileBusy, OSError of storage, and
    KeyboardInterrupt between two files.
    """
    tally = Tally()
    reported = time.monotonic()
    with interruptible_between_files() as check_interrupt:
        for page in pages(files):
            batch.refresh_from_db(fields=["status", "total"])
            if batch.status == BatchStatus.CANCELLED:
                raise BatchClosed
            existing = find_existing(batch, page)
            for local in page:
                _add_file(batch, local, existing, tally)
                if time.monotonic() - reported >= REPORT_SECONDS:
                    reported = time.monotonic()
                    write(tally.summary())
                check_interrupt()
    services.seal_batch(services.owner_scope(batch.owner), batch.id)
    return tally


def _add_file(batch: UploadBatch, local: LocalFile, existing: ExistingFiles, tally: Tally) -> None:
    if local.file.fingerprint in existing.finished:
        tally.skipped += 1
        return
    # The limits of a batch depend on its row, which other requests may change.
    batch.refresh_from_db(fields=["status", "total"])
    outcome = receive_local_file(batch, local, existing)
    if outcome.code.startswith("storage."):
        # The next file would fail as well. The batch is not sealed, so the next run finds it.
        raise Refused(outcome.code, outcome.message)
    tally.added += 1
    tally.known += outcome.state == "known"


def pages(files: Iterable[FoundFile]) -> Iterator[list[LocalFile]]:
    """Inspect PAGE_FILES files at a time."""
    rest = iter(files)
    while page := [inspect_file(found.path, found.relative_path) for found in itertools.islice(rest, PAGE_FILES)]:
        yield page


@contextmanager
def interruptible_between_files() -> Iterator[Callable[[], None]]:
    """Delay KeyboardInterrupt until the yielded function is called; a second Ctrl-C raises it at once."""
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


def unfinished_batch(owner_id: int, name: str, first: Sequence[FoundFile]) -> UploadBatch | None:
    """Return the newest batch that an interrupted run over the same files left, or None.

    It has this owner and name, accepts files, was never sealed, and is empty or contains one of the `first` files.
    Several files are checked, because one whose path, size or time has changed counts as a different file.
    """
    unsealed = UploadBatch.objects.filter(
        owner_id=owner_id, name=name, kind=BatchKind.IMPORT, sealed_at=None, status__in=LIVE_BATCHES
    )
    fingerprints = [inspect_file(found.path, found.relative_path).file.fingerprint for found in first]
    for batch in unsealed.order_by("-id")[:MAX_CANDIDATES]:
        if not batch.total or batch.items.filter(fingerprint__in=fingerprints).exists():
            return batch
    return None


def stop_reason(error: Exception) -> str:
    """Return a sentence that explains why adding stopped: Refused, PartialFileBusy, or OSError of storage."""
    if isinstance(error, Refused):
        return error.message
    return f"{error}." if str(error) else "Another process is adding one of these files."


def file_count(count: int) -> str:
    """Return “1 file”, “2 files” and so on."""
    return f"{count} file{'' if count == 1 else 's'}"
