"""What tells one file of a batch from another before its bytes are here."""

import hashlib
import unicodedata
from dataclasses import dataclass

from batches.engine.incoming import NewFile
from uploads.text import REPLACEMENT, storable


def fingerprint(relative_path: str, size: int, last_modified: str) -> str:
    """Return 64 hex digits that stay the same when the same file is sent again.

    SHA-256 of the UTF-8 bytes of the path as sent, a NUL byte, the size in bytes as decimal digits, a NUL byte and the
    time of the last change as sent (browsers: milliseconds since 1970; empty when unknown). Paths hold no NUL, so no
    two triples share their bytes. Names of a server's disk that are no UTF-8 keep their odd bytes apart as surrogates.
    """
    text = f"{relative_path}\0{size}\0{last_modified}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class FileName:
    """A file as its sender describes it. `size` in bytes; `last_modified` is any text that changes with the file."""

    filename: str
    size: int
    relative_path: str = ""
    last_modified: str = ""

    def as_new_file(self) -> NewFile:
        """Return the row's words: clean to show, in the letters that people type, cut to the columns.

        The fingerprint is of what was sent, letter by letter, so that an announcement that is repeated is found again.
        """
        path = self.relative_path or self.filename
        return NewFile(
            filename=_kept(self.filename, 255),
            relative_path=_kept(path, 1000),
            fingerprint=fingerprint(path, self.size, self.last_modified),
            size=self.size,
        )


def displayable(name: str) -> str:
    """Return the name without what PostgreSQL refuses or what could make it look like another name."""
    return "".join(
        REPLACEMENT if sign in _TURNING or unicodedata.category(sign) == "Cc" else sign for sign in storable(name)
    )


def _kept(name: str, longest: int) -> str:
    """Compose what some systems take apart (“ü” as “u” and two dots), and shorten at the front: the end holds the
    file's own name and its kind."""
    whole = unicodedata.normalize("NFC", displayable(name))
    return whole if len(whole) <= longest else "…" + whole[-(longest - 1) :]
