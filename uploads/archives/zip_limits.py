"""Check an archive's directory before anything is unpacked."""

from collections.abc import Sequence
from itertools import pairwise

from uploads.archives.zip_directory import ZipEntry
from uploads.errors import PermanentError

MAX_RATIO = 200
"""The maximum ratio of unpacked to packed size. It is about 1 for photos and videos, and 10 to 20 for text."""
HARMLESS_BYTES = 2**30
"""Up to this unpacked size, the ratio is not checked."""


def check_entries(entries: Sequence[ZipEntry], archive_size: int, max_bytes: int) -> None:
    """Raise PermanentError if the files cannot be unpacked safely.

    The codes are `archive.too_large` (more than `max_bytes` unpacked), `archive.bomb` (an implausible ratio, or entries
    that overlap) and `archive.encrypted` (every file is encrypted).
    """
    total = sum(entry.size for entry in entries)
    if total > max_bytes:
        raise PermanentError("archive.too_large", size=_gibibytes(total), limit=_gibibytes(max_bytes))
    if total > max(HARMLESS_BYTES, MAX_RATIO * archive_size) or _overlap(entries):
        raise PermanentError("archive.bomb")
    if entries and all(entry.encrypted for entry in entries):
        raise PermanentError("archive.encrypted")


def is_unsafe(path: str) -> bool:
    """Return whether an entry's path is absolute, has a component `..` or contains a null character."""
    parts = path.replace("\\", "/").split("/")
    return path.startswith(("/", "\\")) or ".." in parts or (len(path) > 1 and path[1] == ":") or "\0" in path


def _overlap(entries: Sequence[ZipEntry]) -> bool:
    spans = sorted((entry.offset, entry.offset + entry.compressed) for entry in entries if entry.compressed)
    return any(start < end for (_, end), (start, _) in pairwise(spans))


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"
