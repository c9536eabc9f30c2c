"""Refuse archives whose directory promises more than an archive of photos can hold."""

from collections.abc import Sequence
from itertools import pairwise

from uploads.archives.zip_directory import ZipEntry
from uploads.errors import PermanentError

MAX_RATIO = 200
"""Unpacked size by packed size. Photos and films reach 1, text 10 to 20."""
HARMLESS_BYTES = 2**30
"""Up to this unpacked size the ratio does not matter."""


def check_entries(entries: Sequence[ZipEntry], archive_size: int, max_bytes: int) -> None:
    """Raise PermanentError if the files cannot be unpacked safely.

    The codes are `archive.too_large` (more than `max_bytes` in total), `archive.bomb` (an implausible ratio, or entries
    that share their bytes) and `archive.encrypted` (all files are).
    """
    total = sum(entry.size for entry in entries)
    if total > max_bytes:
        raise PermanentError("archive.too_large", size=_gibibytes(total), limit=_gibibytes(max_bytes))
    if total > max(HARMLESS_BYTES, MAX_RATIO * archive_size) or _overlap(entries):
        raise PermanentError("archive.bomb")
    if entries and all(entry.encrypted for entry in entries):
        raise PermanentError("archive.encrypted")


def is_unsafe(path: str) -> bool:
    """Return whether a program that writes an entry under its path would write outside of the chosen folder."""
    parts = path.replace("\\", "/").split("/")
    return path.startswith(("/", "\\")) or ".." in parts or (len(path) > 1 and path[1] == ":") or "\0" in path


def _overlap(entries: Sequence[ZipEntry]) -> bool:
    spans = sorted((entry.offset, entry.offset + entry.compressed) for entry in entries if entry.compressed)
    return any(start < end for (_, end), (start, _) in pairwise(spans))


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"
