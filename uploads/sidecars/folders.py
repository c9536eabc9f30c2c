"""Find out which files were in the same folder before an export split the folder into several archives."""

import hashlib
import re

from uploads.sidecars.names import fold, name_key

ANY_NAME = 0
"""The name key of an entry that applies to all pictures in a folder."""

_TAKEOUT_PART = re.compile(r"takeout-\d{8}t\d{6}z(-\d+)*( ?\(\d+\))?(\.zip)?")
_TAKEOUT_ROOT = re.compile(r"takeout([ -]?\(?\d+\)?)?")
_GOOGLE_PHOTOS = re.compile(r"google (photos|fotos?|фото|снимки)")
_ICLOUD_PART = re.compile(r"(.+?) part \d+ of \d+( ?\(\d+\))?(\.zip)?")

FOLDER_PATTERNS = {
    "takeout_part": _TAKEOUT_PART.pattern,
    "takeout_root": _TAKEOUT_ROOT.pattern,
    "icloud_part": _ICLOUD_PART.pattern,
}
"""The regular expressions for the upload page, like NAME_PATTERNS."""


def joined_folder(path: str, relative: str = "") -> str:
    """Return the folder that contained a file before the export was split.

    `relative` is a path that starts at that folder, such as “../a”; if it is set, return the folder to which it leads.
    The parts of an export from Google or iCloud are joined, so equal results mean the same folder.
    """
    parts: list[str] = []
    for part in [*fold(path).split("/")[:-1], *fold(relative).split("/")]:
        if part == "..":
            parts = parts[:-1]
        elif _TAKEOUT_PART.fullmatch(part):
            parts = []
        elif part not in {"", "."}:
            parts.append(_whole(part))
    return "/".join(parts)


def is_in_takeout(path: str) -> bool:
    """Return whether one of the folders in a path has a name that Google Takeout uses in exports of photos."""
    patterns = (_TAKEOUT_PART, _TAKEOUT_ROOT, _GOOGLE_PHOTOS)
    return any(pattern.fullmatch(folder) for folder in fold(path).split("/")[:-1] for pattern in patterns)


def match_keys(owner_id: int, path: str, name: str, relative: str = "") -> tuple[int, int]:
    """Return the keys of a folder and of a name in it, which are used to match pictures, sidecars and parts.

    `path` is relative to the chosen folder and ends with the file's own name. `name` is a picture's name, or what
    `name_match.sidecar_target` returns; if blank, the second key is ANY_NAME. The keys are 64-bit hashes, so files with
    equal keys are only candidates.
    """
    folder = joined_folder(path, relative)
    return hash_key(folder) ^ owner_id, hash_key(name_key(name)) if name else ANY_NAME


def _whole(part: str) -> str:
    if _TAKEOUT_ROOT.fullmatch(part):
        return "takeout"
    match = _ICLOUD_PART.fullmatch(part)
    return match[1] if match else part


def hash_key(text: str) -> int:
    """Return a 64-bit hash of a text, never ANY_NAME, as a signed number for PostgreSQL."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1
