"""Detect the type of a file from its first bytes, never from its name."""

import codecs

import filetype

from uploads.media.bmp_header import FILE_HEADER_BYTES, INFO_BYTES
from uploads.media.container_types import iso_type, tiff_type
from uploads.media.formats import FORMATS, SUPPORTED
from uploads.media.unsupported_types import NAMES, is_tga, sniff_unsupported
from uploads.media.video_types import sniff_video

HEAD_BYTES = 8192
"""The number of bytes that the functions below need from the start of a file."""

ARCHIVES = frozenset({"application/zip"})
"""Archive types. Archives are unpacked, and the files in them are imported."""

_ALIASES = {"image/apng": "image/png"}
_OWN_CHECKS = frozenset({"image/bmp", "image/x-icon"})
_FAMILIES = {"image": "Pictures", "video": "Videos", "audio": "Audio files", "font": "Fonts"}
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")


def sniff(head: bytes) -> str | None:
    """Return the MIME type of a file that starts with `head`, or None if it is not recognised."""
    head = bytes(head[:HEAD_BYTES])
    own = iso_type(head) or tiff_type(head) or _still_type(head) or sniff_video(head) or sniff_unsupported(head)
    if own is not None or not head:
        return own
    mime: str | None = filetype.guess_mime(head)
    if mime is not None and mime not in _OWN_CHECKS:
        return _ALIASES.get(mime, mime)
    return _text_type(head) or ("image/x-tga" if is_tga(head) else None)


def name_type(head: bytes) -> str:
    """Return the English plural name of the type of a file that starts with `head`, such as “PDF documents”.

    If the type is unsupported only because a package is missing, the name says so.
    """
    mime = sniff(head)
    if mime is None:
        return "Files of an unrecognized type"
    if mime in FORMATS:
        missing = "" if mime in SUPPORTED else f" (the package {FORMATS[mime].package} is not installed)"
        return FORMATS[mime].plural + missing
    family = _FAMILIES.get(mime.partition("/")[0], "Files")
    return NAMES.get(mime, f"{family} of type {mime}")


def _still_type(head: bytes) -> str | None:
    if head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")):
        return "image/jxl"
    return "image/x-icon" if _is_icon(head) else _bmp_type(head)


def _is_icon(head: bytes) -> bool:
    """Return whether `head` starts an icon or a cursor. The signature is short, so also check the first position."""
    count, start = int.from_bytes(head[4:6], "little"), int.from_bytes(head[18:22], "little")
    return head.startswith((b"\0\0\1\0", b"\0\0\2\0")) and count > 0 and start >= 6 + 16 * count


def _bmp_type(head: bytes) -> str | None:
    """Return the type of a BMP, or None. The header's size is checked too, because text can start with BM."""
    if head.startswith(b"BA"):  # an OS/2 file with several pictures
        head = head[FILE_HEADER_BYTES:]
    is_bmp = head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in INFO_BYTES
    return "image/bmp" if is_bmp else None


def _text_type(head: bytes) -> str | None:
    if not head or any(byte < 32 and byte not in _TEXT_CONTROLS for byte in head):
        return None
    try:
        # Use an incremental decoder, because the head may end in the middle of a character.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return None
    start = text.lstrip().lower()
    if start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in start):
        return "image/svg+xml"
    return "text/html" if start.startswith(("<!doctype html", "<html")) else "text/plain"
