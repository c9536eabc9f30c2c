"""Choose file names that are valid on Linux, Windows and macOS and unique within their folder.

Windows has the strictest rules: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import count

SIDECARS = (".xmp", ".json")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)
MAX_BYTES = 200
"""The maximum length of a name in UTF-8.

File systems allow 255 bytes; the rest is reserved for a number and a sidecar's extension.
"""


def safe_name(name: str) -> str:
    """Return `name`, changed and shortened if necessary so that every common file system accepts it.

    The extension is not shortened.
    """
    cleaned = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(". ") or "file"
    if _RESERVED.fullmatch(cleaned):
        cleaned = f"_{cleaned}"
    stem, extension = split_extension(cleaned)
    return _shorten(stem, MAX_BYTES - len(extension.encode())) + extension


def split_extension(name: str) -> tuple[str, str]:
    """Split a name into stem and extension. The extension is blank if it would be longer than 10 bytes."""
    stem, dot, extension = name.rpartition(".")
    return (stem, f".{extension}") if stem and dot and len(extension.encode()) < 10 else (name, "")


def _shorten(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore").rstrip(" .")


class FolderNames:
    """The names in use in one folder. Names that differ only in case or Unicode composition count as equal."""

    def __init__(self, existing: Iterable[str] = ()) -> None:
        self._used = {key for name in existing for key in _keys(name)}
        self._next_numbers: dict[str, int] = {}

    def claim(self, filename: str) -> str:
        """Return a safe name that is still free for the file and for its sidecars, and reserve it."""
        name = safe_name(filename)
        stem, extension = split_extension(name)
        for number in count(self._next_numbers.get(_key(name), 1)):
            candidate = f"{stem} ({number}){extension}" if number > 1 else name
            keys = _keys(candidate)
            if self._used.isdisjoint(keys):
                break
        self._used |= keys
        self._next_numbers[_key(name)] = number + 1
        return candidate


def _keys(name: str) -> set[str]:
    return {_key(name + ending) for ending in ("", *SIDECARS)}


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
