"""Check the container of HEIF and AVIF pictures, and read its colour information (ISO 23008-12).

Both functions move the position of the file.
"""

from typing import BinaryIO

from uploads.media.formats import unsupported
from uploads.media.integrity import IncompleteError
from uploads.media.iso_boxes import find_box, list_boxes, read_boxes
from uploads.media.limits import check_loaded_size


def check_container(file: BinaryIO, kind: str) -> int:
    """Check that a HEIF file contains a picture, is complete, and is small enough to load as a whole; return its size.

    `kind` is the format's name for messages. Raises PermanentError `file.unsupported` if there is no picture, and
    `image.complex` if the file is too large. Raises IncompleteError if the file ends within a picture's box.
    """
    size = file.seek(0, 2)
    if find_box(file, (b"meta",), 0, size) is None and find_box(file, (b"moov",), 0, size) is None:
        raise unsupported(f"{kind} without a picture")
    check_loaded_size(size)
    for name, _content, stop in read_boxes(file, 0, size):
        if name in (b"meta", b"mdat", b"moov") and stop > size:
            raise IncompleteError(f"truncated: the box {name.decode()} has more bytes")
    return size


def colour_codes(file: BinaryIO) -> tuple[int, int] | None:
    """Return the first codes of primaries and transfer characteristics in a HEIF file, or None."""
    metadata = find_box(file, (b"meta",), 0, file.seek(0, 2))
    # Skip the version and flags, with which "meta" starts.
    properties = find_box(file, (b"iprp", b"ipco"), metadata[0] + 4, metadata[1]) if metadata else None
    for name, start, end in list_boxes(file, *properties) if properties else ():
        if name == b"colr":
            file.seek(start)
            content = file.read(min(8, end - start))
            if content[:4] == b"nclx" and len(content) == 8:
                return int.from_bytes(content[4:6], "big"), int.from_bytes(content[6:8], "big")
    return None
