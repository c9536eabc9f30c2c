"""Translate libheif's errors, which pillow-heif raises without exception classes of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from uploads.media.formats import unsupported


@contextmanager
def libheif_errors() -> Iterator[None]:
    """Raise MemoryError, PermanentError `file.unsupported`, or, for a damaged file, ValueError or EOFError."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        text = str(error)
        if "emory allocation" in text or "ecurity limit" in text:
            raise MemoryError(text) from error
        if "nsupported" in text:
            raise unsupported(f"HEIF pictures with this compression ({text})") from error
        raise ValueError(f"truncated: {text}" if "nd of data" in text or "nd of file" in text else text) from error
