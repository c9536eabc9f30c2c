"""Detect the type of a file from its first bytes, never from its name."""

import codecs

import filetype

HEAD_BYTES = 8192
"""The number of bytes at the start of a file that the functions below examine."""

SUPPORTED = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
ARCHIVES = frozenset({"application/zip"})
"""Archive types. Archives are unpacked, and the files in them are imported."""
SUPPORTED_FORMATS = "Supported formats: JPEG, PNG, WebP and GIF."

_ALIASES = {"image/apng": "image/png"}
_NAMES = {
    "application/pdf": "PDF documents",
    "application/zip": "ZIP archives",
    "image/heic": "HEIC photos",
    "image/avif": "AVIF pictures",
    "image/svg+xml": "SVG drawings",
    "image/tiff": "TIFF pictures",
    "image/bmp": "BMP pictures",
    "image/x-canon-cr2": "Canon raw photos",
    "image/vnd.adobe.photoshop": "Photoshop files",
    "text/html": "Web pages",
    "text/plain": "Text files",
}
_FAMILIES = {"image": "Pictures", "video": "Videos", "audio": "Audio files", "font": "Fonts"}
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")


def sniff(head: bytes) -> str | None:
    """Return the MIME type of a file that starts with `head`, or None if it is not recognised."""
    head = bytes(head[:HEAD_BYTES])
    mime: str | None = filetype.guess_mime(head) if head else None
    if mime is not None:
        return _ALIASES.get(mime, mime)
    return _text_type(head)


def name_type(head: bytes) -> str:
    """Return the English plural name, such as “PDF documents”, for the type of a file that starts with `head`."""
    mime = sniff(head)
    if mime is None:
        return "Files of an unrecognised type"
    family = _FAMILIES.get(mime.partition("/")[0], "Files")
    return _NAMES.get(mime, f"{family} of type {mime}")


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
