"""Names given by senders: data to show, never part of a path on our disk."""

import unicodedata
from dataclasses import dataclass

from batches.engine.arrive import NewFile
from batches.intake.fingerprint import fingerprint
from uploads.words import REPLACEMENT, storable

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


def shown(name: str) -> str:
    """Return the name without what PostgreSQL refuses or what could make it look like another name."""
    return "".join(
        REPLACEMENT if sign in _TURNING or unicodedata.category(sign) == "Cc" else sign for sign in storable(name)
    )


def _kept(name: str, longest: int) -> str:
    """Compose what some systems take apart (“ü” as “u” and two dots), and shorten at the front: the end holds the
    file's own name and its kind."""
    whole = unicodedata.normalize("NFC", shown(name))
    return whole if len(whole) <= longest else "…" + whole[-(longest - 1) :]
