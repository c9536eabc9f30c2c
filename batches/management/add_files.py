"""Adding files of this machine to a batch: a new one, or the one that an earlier run left unfinished."""

import itertools
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from batches import services
from batches.engine.refusals import BatchClosed, Refused
from batches.intake.local_files import KnownPage, LocalFile, inspect_file, look_up_page, receive_local_file
from batches.management.walk_files import FoundFile
from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES, BatchKind, BatchStatus

LINE_SECONDS = 5.0
PAGE_FILES = 500
LOOKED_BACK = 20
"""How many unfinished batches of the same name are asked whether they hold these files."""
Say = Callable[[str], object]


@dataclass
class Tally:
    """What became of the files so far. `known` of the `added` ones were in the library and not copied."""

    added: int = 0
    known: int = 0
    there: int = 0

    def words(self, where: str = "") -> str:
        """Say it in a line; `where` follows on the number of files."""
        line = f"{counted(self.added)} added{where}"
        if self.known:
            line += f", {self.known} of them known to the library and not copied"
        return f"{line}; {counted(self.there)} had come before" if self.there else line


@dataclass
class Adding:
    """Takes files in one after another, a page of them looked up at a time; whatever their number, memory stays."""

    say: Say
    tally: Tally = field(default_factory=Tally)
    _said: float = field(default_factory=time.monotonic)

    def add(self, batch: UploadBatch, files: Iterable[FoundFile]) -> Tally:
        """Take in what the batch does not have, then seal it.

        A file that has ended in the batch is not read again. Raises Refused when the batch takes no more or the disk is
        full (what was added stays), PartBusy, OSError of storage; KeyboardInterrupt between two files.
        """
        with interrupted_between() as check:
            for found in pages(files):
                batch.refresh_from_db(fields=["status", "total"])
                if batch.status == BatchStatus.CANCELLED:
                    raise BatchClosed
                page = look_up_page(batch, found)
                for one in found:
                    self._one(batch, one, page)
                    self._tell()
                    check()
        services.seal_batch(services.owner_scope(batch.owner), batch.id)
        return self.tally

    def _one(self, batch: UploadBatch, one: LocalFile, page: KnownPage) -> None:
        if one.file.fingerprint in page.ended:
            self.tally.there += 1
            return
        # The limits of a batch are kept by its row, which others may change meanwhile.
        batch.refresh_from_db(fields=["status", "total"])
        outcome = receive_local_file(batch, one, page)
        if outcome.code.startswith("storage."):
            # The next file would fare no better. Not sealed, the batch is found again.
            raise Refused(outcome.code, outcome.message)
        self.tally.added += 1
        self.tally.known += outcome.state == "known"

    def _tell(self) -> None:
        if (now := time.monotonic()) - self._said >= LINE_SECONDS:
            self._said = now
            self.say(self.tally.words())


def add_files(batch: UploadBatch, files: Iterable[FoundFile], say: Say) -> Tally:
    """Add the files to the batch and seal it; see `Adding.add`."""
    return Adding(say).add(batch, files)


def pages(files: Iterable[FoundFile]) -> Iterator[list[LocalFile]]:
    """Look at so many files at a time."""
    rest = iter(files)
    while page := [inspect_file(found.path, found.relative_path) for found in itertools.islice(rest, PAGE_FILES)]:
        yield page


@contextmanager
def interrupted_between() -> Iterator[Callable[[], None]]:
    """Let Ctrl-C strike where the given function is called, not in the middle of a statement; a second one does."""
    asked = False

    def note(_signal: int, _frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


def unfinished_batch(owner_id: int, name: str, first: Sequence[FoundFile]) -> UploadBatch | None:
    """Return the newest batch that an earlier, broken run over the same files has left, or None.

    It is the owner's, has this name, takes files and was never sealed; and it holds one of the `first` files, or none
    at all. A path, size or time that changed makes another file, so a few are asked for.
    """
    left = UploadBatch.objects.filter(
        owner_id=owner_id, name=name, kind=BatchKind.IMPORT, sealed_at=None, status__in=LIVE_BATCHES
    )
    fingerprints = [inspect_file(found.path, found.relative_path).file.fingerprint for found in first]
    for batch in left.order_by("-id")[:LOOKED_BACK]:
        if not batch.total or batch.items.filter(fingerprint__in=fingerprints).exists():
            return batch
    return None


def rejected_files(error: Exception) -> str:
    """Say in a sentence why adding ended: Refused, PartBusy, or OSError of storage."""
    if isinstance(error, Refused):
        return error.message
    return f"{error}." if str(error) else "A file is being added by somebody else."


def counted(count: int) -> str:
    """“1 file”, “2 files”."""
    return f"{count} file{'' if count == 1 else 's'}"
