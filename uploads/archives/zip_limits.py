"""Check an archive's directory before anything is unpacked."""

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from uploads.archives.zip_directory import ZipEntry
from uploads.errors import PermanentError

MAX_RATIO = 200
"""The maximum ratio of unpacked to packed size. The ratio is about 1 for photos and videos, and 10 to 20 for text."""
HARMLESS_BYTES = 2**30
"""Up to this unpacked size, the ratio is not checked."""


def check_entries(entries: Iterable[ZipEntry], archive_size: int, max_bytes: int) -> None:
    """Raise PermanentError if the files cannot be unpacked safely. Only the position of each entry is kept in memory.

    The codes are `archive.too_large` (more than `max_bytes` unpacked), `archive.bomb` (an implausible ratio, or entries
    that overlap) and `archive.encrypted` (every file is encrypted).
    """
    total = count = encrypted = 0
    starts, ends = array("q"), array("q")
    for entry in entries:
        total += entry.size
        count += 1
        encrypted += entry.encrypted
        if entry.compressed:
            starts.append(entry.offset)
            ends.append(entry.offset + entry.compressed)
    if total > max_bytes:
        raise PermanentError("archive.too_large", size=_gibibytes(total), limit=_gibibytes(max_bytes))
    if total > max(HARMLESS_BYTES, MAX_RATIO * archive_size) or _overlap(np.asarray(starts), np.asarray(ends)):
        raise PermanentError("archive.bomb")
    if count and encrypted == count:
        raise PermanentError("archive.encrypted")


def is_unsafe(path: str) -> bool:
    """Return whether an entry's path is absolute or has a Windows drive, a component `..` or a null character."""
    parts = path.replace("\\", "/").split("/")
    return path.startswith(("/", "\\")) or ".." in parts or (len(path) > 1 and path[1] == ":") or "\0" in path


def _overlap(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> bool:
    order = np.argsort(starts)
    return bool((starts[order][1:] < ends[order][:-1]).any())


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"
