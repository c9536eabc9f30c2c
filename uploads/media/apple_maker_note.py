"""Read from Apple's maker note which files belong together: those of a live photo, or of a burst.

The note is a directory of a TIFF structure whose offsets count from the note's start; exiftool names its tags.
"""

from uploads.media.sanitize import clean_text
from uploads.media.tiff_tags import TiffTags

_PREFIX = b"Apple iOS\0"
_BYTE_ORDERS = {b"MM": b"MM\0*", b"II": b"II*\0"}
_DIRECTORY = 14
_TAGS = {0x000B: "burst_id", 0x0011: "content_identifier"}


def read_apple_note(note: object) -> dict[str, str]:
    """Return “content_identifier” and “burst_id”, as far as the maker note has them. Other notes give nothing."""
    if not isinstance(note, bytes) or not note.startswith(_PREFIX):
        return {}
    header = _BYTE_ORDERS.get(note[12:14], b"")
    tags = TiffTags(header + note[len(header) :]).directory(_DIRECTORY, frozenset(_TAGS))
    found = {_TAGS[tag]: clean_text(value) for tag, value in tags.items()}
    return {name: value for name, value in found.items() if value}
