"""Check the container of HEIF and AVIF pictures, and read or correct its boxes (ISO 23008-12).

All public functions move the position of the file.
"""

from collections.abc import Iterator
from typing import BinaryIO

from uploads.media.formats import unsupported
from uploads.media.integrity import IncompleteError
from uploads.media.iso_boxes import Range, find_box, list_boxes, read_boxes
from uploads.media.limits import check_loaded_size

_MAX_ASSOCIATION_BYTES = 2**20


def check_container(file: BinaryIO, kind: str) -> int:
    """Check that a HEIF file contains a picture, is complete, and is small enough to load as a whole; return its size.

    `kind` is the format's name for messages. Raises PermanentError `file.unsupported` if there is no picture, and
    `image.complex` if the file is too large. Raises IncompleteError if the file ends within a box of the picture.
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
    """Return the first pair of codes (primaries, transfer characteristics) in a HEIF file, or None if there is none."""
    properties = _find_in_metadata(file, b"iprp", b"ipco")
    for name, start, end in list_boxes(file, *properties) if properties else ():
        if name == b"colr":
            file.seek(start)
            content = file.read(min(8, end - start))
            if content[:4] == b"nclx" and len(content) == 8:
                return int.from_bytes(content[4:6], "big"), int.from_bytes(content[6:8], "big")
    return None


def with_one_association_box(file: BinaryIO) -> bytes:
    """Return the file's content with all boxes `ipma` joined into one, because libavif accepts only one.

    The encoder cavif writes one box for each item. Padding fills the freed space, so that no other data moves.
    """
    file.seek(0)
    data = file.read()
    properties = _find_in_metadata(file, b"iprp")
    boxes = list(list_boxes(file, *properties)) if properties else []
    found = [data[start:end] for name, start, end in boxes if name == b"ipma"]
    is_joinable = len(found) > 1 and len({content[:4] for content in found}) == 1
    if properties is None or not is_joinable or sum(map(len, found)) > _MAX_ASSOCIATION_BYTES:
        return data
    entries = sorted(entry for content in found for entry in _associations(content))
    others = b"".join(box(name, data[start:end]) for name, start, end in boxes if name != b"ipma")
    joined = box(b"ipma", found[0][:4] + len(entries).to_bytes(4, "big") + b"".join(entries))
    start, end = properties[0] - 8, properties[1]
    content = box(b"iprp", others + joined)
    filler = box(b"free", bytes(end - start - len(content) - 8))
    return data[:start] + content + filler + data[end:]


def _find_in_metadata(file: BinaryIO, *path: bytes) -> Range | None:
    metadata = find_box(file, (b"meta",), 0, file.seek(0, 2))
    # The content of "meta" starts with a version and flags; skip them.
    return find_box(file, path, metadata[0] + 4, metadata[1]) if metadata else None


def _associations(content: bytes) -> Iterator[bytes]:
    """Yield the entries of a box `ipma`, which start with an item number. Raises IndexError if the box is too short."""
    item_bytes, property_bytes = 4 if content[0] else 2, 2 if content[3] & 1 else 1
    position = 8
    for _ in range(int.from_bytes(content[4:8], "big")):
        end = position + item_bytes + 1 + content[position + item_bytes] * property_bytes
        yield content[position:end]
        position = end


def box(name: bytes, content: bytes) -> bytes:
    """Return a box, whose size must fit into four bytes."""
    return (8 + len(content)).to_bytes(4, "big") + name + content
