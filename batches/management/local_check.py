"""Find out which local files are stored in the library. Each file is read at most once."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from batches.failures.csv_export import escape
from batches.intake.file_name import displayable
from batches.intake.local_files import IGNORED_UNREADABLE, LocalFile
from batches.intake.stored_files import SAFE_STATES, FileDigest, StoredFile, StoredState, find_stored
from batches.management.add_files import pages
from batches.management.walk_files import FoundFile
from batches.models.scope import Scope

IGNORED, UNREADABLE = "ignored", "unreadable"
REASONS = {
    StoredState.MISSING: "not stored",
    StoredState.DAMAGED: "the stored file is damaged",
    StoredState.TRASH: "in the trash",
    StoredState.ARCHIVE: "an archive, which is not kept once its files are imported",
    UNREADABLE: "cannot be read",
}
"""For each state in which the local file is still needed, the reason."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file and its state: a StoredState, `ignored` for a file that an import would leave out, or `unreadable`."""

    path: str
    size: int
    sha256: str
    state: str
    verified_at: datetime | None = None


@dataclass
class FolderReport:
    """Counts the checked files.

    `verified` is the number of stored files that were verified after they were received. Each of these checks was at
    `oldest_check` or later.
    """

    states: Counter[str] = field(default_factory=Counter)
    verified: int = 0
    oldest_check: datetime | None = None

    def add(self, file: CheckedFile) -> None:
        self.states[file.state] += 1
        if file.state == StoredState.STORED and file.verified_at is not None:
            self.verified += 1
            self.oldest_check = min(self.oldest_check or file.verified_at, file.verified_at)

    @property
    def total(self) -> int:
        """The number of files, not counting ignored ones."""
        return self.states.total() - self.states[IGNORED]

    @property
    def stored(self) -> int:
        """The number of files whose local copies are no longer needed."""
        return sum(self.states[state] for state in SAFE_STATES)


def check_files(scope: Scope, files: Iterable[FoundFile]) -> Iterator[CheckedFile]:
    """Yield each file with its state. Files are looked up a page at a time, to limit memory use."""
    for page in pages(files):
        digests = [FileDigest(_sha256(local), local.file.size) for local in page]
        known = [digest for digest in digests if digest.sha256]
        states = dict(zip(known, find_stored(scope, known), strict=True))
        for local, digest in zip(page, digests, strict=True):
            yield _checked(local, digest, states.get(digest))


def _checked(local: LocalFile, digest: FileDigest, stored: StoredFile | None) -> CheckedFile:
    path = local.file.relative_path
    if stored is None:
        is_ignored = local.ignored not in ("", IGNORED_UNREADABLE)
        return CheckedFile(path, digest.size, "", IGNORED if is_ignored else UNREADABLE)
    return CheckedFile(path, digest.size, digest.sha256, stored.state, stored.verified_at)


def _sha256(local: LocalFile) -> str:
    """Return the hex digest of the file, or "" if the file is left out or cannot be read."""
    if local.ignored or local.read_error:
        return ""
    try:
        with local.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def write_csv(stream: TextIO, files: Iterable[CheckedFile]) -> Iterator[CheckedFile]:
    """Write a heading and one CSV line per file, and yield the files unchanged."""
    writer = csv.writer(stream)
    writer.writerow(["File", "Bytes", "SHA-256", "State", "Verified"])
    for file in files:
        verified = file.verified_at.isoformat(timespec="seconds") if file.verified_at else ""
        writer.writerow([escape(displayable(file.path)), file.size, file.sha256, str(file.state), verified])
        yield file
