"""The paths, sizes and modification times of partial files, which can be read without locking the files.

While the server receives a body with a checksum, its bytes are not yet verified. During that time, another small file,
the **marker**, holds the number of verified bytes. If the process is killed, the marker remains. The next process that
opens the partial file truncates it to that number of bytes, so unverified bytes never become part of the file.
"""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

UNVERIFIED_SUFFIX = ".unverified"


@dataclass(frozen=True, slots=True)
class PartialFacts:
    """The size of a partial file in bytes, and the time of its last change in seconds since 1970."""

    size: int
    changed: float


def partial_path(item_id: int) -> Path:
    """Return the path of an item's partial file. The path contains no text from the client."""
    return Path(settings.PARTIAL_ROOT) / str(item_id)


def partial_facts(item_id: int) -> PartialFacts | None:
    """Return the verified size and last change of an item's partial file, or None if there is no such file.

    Raises OSError.
    """
    try:
        stat = partial_path(item_id).stat()
    except FileNotFoundError:
        return None
    verified = verified_size(item_id)
    return PartialFacts(stat.st_size if verified is None else min(stat.st_size, verified), stat.st_mtime)


def partial_size(item_id: int) -> int:
    """Return how many verified bytes have been received; 0 if there is no partial file."""
    facts = partial_facts(item_id)
    return facts.size if facts else 0


def partial_exists(item_id: int) -> bool:
    """Return whether an item has a partial file or a marker. Raises OSError."""
    return partial_path(item_id).exists() or _marker_path(item_id).exists()


def delete_partial(item_id: int) -> None:
    """Remove a partial file and its marker. The caller must hold the partial file's lock."""
    partial_path(item_id).unlink(missing_ok=True)
    clear_unverified(item_id)


def mark_unverified(item_id: int, size: int) -> None:
    """Write a marker saying that only the first `size` bytes of the partial file are verified. Raises OSError."""
    _marker_path(item_id).write_text(str(size))


def clear_unverified(item_id: int) -> None:
    """Remove the marker, because the partial file no longer has unverified bytes."""
    _marker_path(item_id).unlink(missing_ok=True)


def verified_size(item_id: int) -> int | None:
    """Return the number of verified bytes that the marker records, or None if all bytes are verified."""
    try:
        text = _marker_path(item_id).read_text()
    except FileNotFoundError:
        return None
    # An empty marker means that the process was killed before it wrote the size, so no unverified bytes were written.
    return int(text) if text.isdigit() else None


def _marker_path(item_id: int) -> Path:
    return Path(settings.PARTIAL_ROOT) / f"{item_id}{UNVERIFIED_SUFFIX}"
