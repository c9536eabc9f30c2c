import io
from pathlib import Path

import pytest
from PIL import Image

from tests.support.images import encoded, pixel, written
from uploads.errors import PermanentError
from uploads.media.heif_boxes import with_one_association_box
from uploads.media.image import read_picture

ADDED = 16  # the size in bytes of the second box's header


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def moved(data: bytes, position: int) -> bytes:
    """Return the 4-byte size or offset at `position`, increased by the size of the added header."""
    return (int.from_bytes(data[position : position + 4], "big") + ADDED).to_bytes(4, "big")


def with_two_association_boxes(data: bytes) -> bytes:
    """Convert an AVIF with two items from libavif's layout to cavif's, which has one `ipma` box for each item."""
    result = bytearray(data)
    for name in (b"meta", b"iprp"):
        start = data.index(name) - 4
        result[start : start + 4] = moved(data, start)
    items = data.index(b"iloc") + 4
    assert data[items : items + 8] == b"\0\0\0\0\x44\0\0\2"
    for item in range(2):
        start = items + 8 + 14 * item + 6
        result[start : start + 4] = moved(data, start)
    content = data.index(b"ipma") + 4
    first = content + 8
    second = first + 3 + data[first + 2]
    end = content - 8 + int.from_bytes(data[content - 8 : content - 4], "big")
    boxes = b""
    for entry in (data[second:end], data[first:second]):  # the boxes may be in any order
        boxes += box(b"ipma", data[content : content + 4] + b"\0\0\0\1" + entry)
    result[content - 8 : end] = boxes
    return bytes(result)


def test_avif_with_two_association_boxes_is_read(tmp_path: Path) -> None:
    half = Image.new("RGBA", (64, 48), (0, 0, 255, 0))
    half.paste((255, 0, 0, 255), (0, 0, 32, 48))

    image = read_picture(written(tmp_path, with_two_association_boxes(encoded(half, "AVIF", speed=10)))).image

    red, white = pixel(image, 10, 20), pixel(image, 50, 20)
    assert red[0] > 240 > 40 > red[1]
    assert min(white) > 240


@pytest.mark.parametrize("count", [2, 2**32 - 1])
def test_broken_associations_are_damage(count: int) -> None:
    associations = box(b"ipma", bytes(4) + count.to_bytes(4, "big") + b"\0\1\1\1")
    data = box(b"meta", bytes(4) + box(b"iprp", 2 * associations))

    with pytest.raises(LookupError):
        with_one_association_box(io.BytesIO(data))


def test_image_sequence_without_a_still_picture_is_named(tmp_path: Path) -> None:
    data = box(b"ftyp", b"hevc\0\0\0\0msf1hevc") + box(b"moov", bytes(100))

    with pytest.raises(PermanentError, match=r"file\.unsupported: HEIC image sequences without"):
        read_picture(written(tmp_path, data))
