"""What a file is, by its first bytes and never by its name."""

import codecs

import filetype

HEAD_BYTES = 8192
"""How many of a file's first bytes are worth passing to the functions below."""

SUPPORTED = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
SUPPORTED_FORMATS = "Please send JPEG, PNG, WebP or GIF pictures."

_ALIASES = {"image/apng": "image/png"}
_NAMES = {
    "application/pdf": "a PDF document",
    "application/zip": "a ZIP archive",
    "image/heic": "a HEIC photo",
    "image/avif": "an AVIF picture",
    "image/svg+xml": "an SVG drawing",
    "image/tiff": "a TIFF picture",
    "image/bmp": "a BMP picture",
    "image/x-canon-cr2": "a Canon raw photo",
    "image/vnd.adobe.photoshop": "a Photoshop file",
    "text/html": "a web page",
    "text/plain": "a text file",
}
_FAMILIES = {"image": "a picture", "video": "a video", "audio": "a sound recording", "font": "a font"}
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")


def sniff(head: bytes) -> str | None:
    """Return the MIME type that `head`, the start of a file (up to HEAD_BYTES are looked at), says, or None."""
    head = bytes(head[:HEAD_BYTES])
    mime: str | None = filetype.guess_mime(head) if head else None
    if mime is not None:
        return _ALIASES.get(mime, mime)
    return _text_type(head)


def reason_unsupported(head: bytes) -> str:
    """Say in words for people why a file that begins with `head` is not taken; never empty."""
    if not head:
        return "The file is empty. Copy it from its source again."
    mime = sniff(head)
    if mime is None:
        return f"This is not a picture of a known kind. {SUPPORTED_FORMATS}"
    family = _FAMILIES.get(mime.partition("/")[0], "a file")
    name = _NAMES.get(mime, f"{family} of the kind {mime}")
    return f"This is {name}, which cannot be read here. {SUPPORTED_FORMATS}"


def _text_type(head: bytes) -> str | None:
    if not head or any(byte < 32 and byte not in _TEXT_CONTROLS for byte in head):
        return None
    try:
        # Incremental: the head may end in the middle of a character.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return None
    start = text.lstrip().lower()
    if start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in start):
        return "image/svg+xml"
    return "text/html" if start.startswith(("<!doctype html", "<html")) else "text/plain"
