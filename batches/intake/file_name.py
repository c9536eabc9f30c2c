"""Describe a file before its bytes arrive: its fingerprint, and names that are safe to display."""

import hashlib
import unicodedata
from dataclasses import dataclass

from batches.engine.incoming import NewFile
from uploads.text import REPLACEMENT, storable


def fingerprint(relative_path: str, size: int, last_modified: str) -> str:
    """Return 64 hex digits that are the same whenever the same file is sent.

    SHA-256 of the UTF-8 bytes of the path as sent, a NUL byte, the size in bytes as decimal digits, a NUL byte and the
    modification time as sent (browsers: milliseconds since 1970; empty if unknown). Paths contain no NUL, so different
    files never hash the same bytes. Invalid UTF-8 in local file names is kept distinct as surrogates.
    """
    text = f"{relative_path}\0{size}\0{last_modified}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class FileName:
    """A file as its client describes it. `size` in bytes; `last_modified` is any text that changes with the file."""

    filename: str
    size: int
    relative_path: str = ""
    last_modified: str = ""

    def as_new_file(self) -> NewFile:
        """Return the values for the item's row: names normalized, safe to display and cut to the columns.

        The fingerprint uses the path exactly as sent, so that a repeated registration finds its item.
        """
        path = self.relative_path or self.filename
        return NewFile(
            filename=_normalized(self.filename, 255),
            relative_path=_normalized(path, 1000),
            fingerprint=fingerprint(path, self.size, self.last_modified),
            size=self.size,
        )


def displayable(name: str) -> str:
    """Replace characters that PostgreSQL refuses or that could make the name look like another one."""
    return "".join(
        REPLACEMENT if char in _BIDI_CONTROLS or unicodedata.category(char) == "Cc" else char for char in storable(name)
    )


def _normalized(name: str, max_length: int) -> str:
    """Compose decomposed characters (NFC), and shorten at the front: the end has the file's own name and extension."""
    text = unicodedata.normalize("NFC", displayable(name))
    return text if len(text) <= max_length else "…" + text[-(max_length - 1) :]
