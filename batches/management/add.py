"""Adding files of this machine to a batch."""

import time
from collections.abc import Callable, Iterable

from batches.engine.arrive import seal_batch
from batches.intake.receive import receive_path
from batches.management.walk import Found
from batches.models import UploadBatch

LINE_SECONDS = 5.0


def counted(count: int) -> str:
    """“1 file”, “2 files”."""
    return f"{count} file{'' if count == 1 else 's'}"


def add_files(batch: UploadBatch, files: Iterable[Found], say: Callable[[str], object]) -> int:
    """Take the files in one after another, then seal the batch; returns how many were taken or refused.

    A file that is in the batch already is not read again. Raises Refused when the batch takes no more (what was added
    stays), PartBusy, OSError of storage.
    """
    count, then = 0, time.monotonic()
    for file in files:
        # The limits of a batch are kept by its row, which others may change meanwhile.
        batch.refresh_from_db(fields=["status", "total"])
        receive_path(batch, file.path, file.relative_path)
        count += 1
        if time.monotonic() - then >= LINE_SECONDS:
            say(f"{counted(count)} added")
            then = time.monotonic()
    seal_batch(batch.id)
    return count
