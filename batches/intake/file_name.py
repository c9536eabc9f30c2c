"""Compute a file's fingerprint and displayable names before its bytes arrive."""

import hashlib
import unicodedata
from dataclasses import dataclass

from batches.engine.incoming import NewFile
from uploads.text import REPLACEMENT, storable


def fingerprint(relative_path: str, size: int, last_modified: str) -> str:
    """Return 64 hex digits that are the same each time the same file is sent.

    This is the SHA-256 digest of the path as sent (in UTF-8), a NUL byte, the size in bytes as decimal digits, a NUL
    byte, and the modification time as sent (browsers send milliseconds since 1970; empty if unknown). Paths contain no
    NUL, so two different descriptions never produce the same input. Invalid UTF-8 in local file names is encoded as
    surrogates, so those names stay distinct too.
    """
    text = f"{relative_path}\0{size}\0{last_modified}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class FileName:
    """A file as described by the client.

    `size` is in bytes. `last_modified` may be any text, as long as it changes whenever the file does.
    """

    filename: str
    size: int
    relative_path: str = ""
    last_modified: str = ""

    def as_new_file(self) -> NewFile:
        """Return the values for the item's row; names are normalised, displayable and shortened to fit their columns.

        The fingerprint uses the path exactly as sent, so that registering the file again finds the same item.
        """
        path = self.relative_path or self.filename
        return NewFile(
            filename=_normalized(self.filename, 255),
            relative_path=_normalized(path, 1000),
            fingerprint=fingerprint(path, self.size, self.last_modified),
            size=self.size,
        )


def displayable(name: str) -> str:
    """Replace characters that PostgreSQL rejects, control characters, and characters that reorder displayed text."""
    return "".join(
        REPLACEMENT if char in _BIDI_CONTROLS or unicodedata.category(char) == "Cc" else char for char in storable(name)
    )


def _normalized(name: str, max_length: int) -> str:
    """Normalise to NFC and truncate at the front, because a path ends with the file's own name and extension."""
    text = unicodedata.normalize("NFC", displayable(name))
    return text if len(text) <= max_length else "…" + text[-(max_length - 1) :]
