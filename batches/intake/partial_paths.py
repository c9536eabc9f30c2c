"""Where parts lie on the disk, and what can be seen of them without a lock.

While a body is received whose checksum is not proven yet, a second small file, the **doubt**, holds the offset up to
which the part is sure. A process that is killed in the middle leaves it behind, and whoever opens the part next cuts it
there: bytes that were never proven are never taken for the file's.
"""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

UNVERIFIED_SUFFIX = ".doubt"


@dataclass(frozen=True, slots=True)
class PartialFacts:
    """How a part stands: sure bytes, and the time of the last change in seconds since 1970."""

    size: int
    changed: float


def partial_path(item_id: int) -> Path:
    """Return where the part of an item lies; nothing of the sender's names is in it."""
    return Path(settings.PARTIAL_ROOT) / str(item_id)


def partial_facts(item_id: int) -> PartialFacts | None:
    """Return how the part of an item stands, None when there is none. Raises OSError."""
    try:
        now = partial_path(item_id).stat()
    except FileNotFoundError:
        return None
    sure = verified_bytes(item_id)
    return PartialFacts(now.st_size if sure is None else min(now.st_size, sure), now.st_mtime)


def partial_size(item_id: int) -> int:
    """Return how many bytes have arrived for sure; 0 when there is no part."""
    facts = partial_facts(item_id)
    return facts.size if facts else 0


def partial_exists(item_id: int) -> bool:
    """Whether anything lies there for an item, be it only a doubt. Raises OSError."""
    return partial_path(item_id).exists() or _doubt_path(item_id).exists()


def delete_partial(item_id: int) -> None:
    """Remove a part. Only for who holds its lock: see `dropping.py`."""
    partial_path(item_id).unlink(missing_ok=True)
    clear_unverified(item_id)


def mark_unverified(item_id: int, size: int) -> None:
    """Only the first `size` bytes of the part count until `end_doubt`. Raises OSError."""
    _doubt_path(item_id).write_text(str(size))


def clear_unverified(item_id: int) -> None:
    """All bytes of the part count."""
    _doubt_path(item_id).unlink(missing_ok=True)


def verified_bytes(item_id: int) -> int | None:
    """Return up to where a part in doubt is sure; None where nothing is in doubt."""
    try:
        text = _doubt_path(item_id).read_text()
    except FileNotFoundError:
        return None
    # Empty: the process was killed before it wrote the offset, so before any byte in doubt.
    return int(text) if text.isdigit() else None


def _doubt_path(item_id: int) -> Path:
    return Path(settings.PARTIAL_ROOT) / f"{item_id}{UNVERIFIED_SUFFIX}"
