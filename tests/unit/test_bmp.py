"""BMPs from Windows and OS/2 are read, including kinds that Pillow does not support."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.bitmaps import QUARTERS, bitmap, bmp, quarter_indices
from tests.support.images import corners, encoded, pixel, written
from uploads.errors import PermanentError
from uploads.media.bmp_rle import unpack_runs
from uploads.media.image import read_picture
from uploads.media.integrity import IncompleteError


@pytest.mark.parametrize(
    ("header_bytes", "bits"),
    [(12, 4), (12, 24), (16, 8), (40, 2), (40, 4), (42, 24), (64, 8), (124, 2)],
)
def test_bmp_with_any_header_and_depth_is_read(header_bytes: int, bits: int, tmp_path: Path) -> None:
    data = bmp(*bitmap(quarter_indices(), bits, header_bytes=header_bytes))

    picture = read_picture(written(tmp_path, data))

    assert (picture.mime_type, picture.width, picture.height) == ("image/bmp", 240, 160)
    assert corners(picture.image) == "rgbw"


def test_first_bmp_of_an_array_is_read(tmp_path: Path) -> None:
    head, pixels = bitmap(quarter_indices(), 8, header_bytes=12)
    first = struct.pack("<2sLHHL", b"BM", 26, 0, 0, 28 + len(head)) + head + pixels

    picture = read_picture(written(tmp_path, b"BA" + struct.pack("<LLHH", 40, 0, 0, 0) + first))

    assert corners(picture.image) == "rgbw"


def test_position_of_the_palette_is_not_taken_for_that_of_the_pixels(tmp_path: Path) -> None:
    data = bmp(*bitmap(quarter_indices(), 8))

    picture = read_picture(written(tmp_path, data[:10] + struct.pack("<L", 54) + data[14:]))

    assert corners(picture.image) == "rgbw"


def test_eight_bits_with_a_palette_of_black_and_white_are_read(tmp_path: Path) -> None:
    indices = np.array([[0, 1]], np.uint8).repeat(20, axis=1).repeat(20, axis=0)

    image = read_picture(written(tmp_path, bmp(*bitmap(indices, 8, palette=((0, 0, 0), (255, 255, 255)))))).image

    assert [pixel(image, x, 10)[0] for x in (5, 35)] == [0, 255]


@pytest.mark.parametrize(
    ("header_bytes", "bits", "compression", "kind"),
    [
        (40, 5, 0, "BMP pictures with 5 bits per pixel"),
        (40, 24, 4, "BMP pictures with JPEG compression"),
        (64, 1, 3, "OS/2 BMP pictures with Huffman compression"),
        (64, 24, 4, "OS/2 BMP pictures with 24-bit run-length encoding"),
        (40, 8, 2, "BMP pictures with 8 bits per pixel and compression 2"),
    ],
)
def test_message_names_what_is_unsupported(
    header_bytes: int, bits: int, compression: int, kind: str, tmp_path: Path
) -> None:
    data = bmp(*bitmap(quarter_indices(8, 8), bits, header_bytes=header_bytes, compression=compression))

    with pytest.raises(PermanentError, match=rf"file\.unsupported: {kind} are not supported"):
        read_picture(written(tmp_path, data))


MASKS = {
    "565": (16, 3, (0xF800, 0x7E0, 0x1F)),
    "444": (16, 3, (0xF00, 0xF0, 0xF)),
    "4444": (16, 6, (0xF00, 0xF0, 0xF, 0xF000)),
    "555": (16, 0, (0x7C00, 0x3E0, 0x1F)),
    "BGR": (32, 3, (0xFF, 0xFF00, 0xFF0000)),
    "11 bits": (32, 3, (0xFFE00000, 0x1FFC00, 0x3FF)),
    "plain": (32, 0, (0xFF0000, 0xFF00, 0xFF)),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("top_down", [False, True])
def test_bmp_with_any_masks_is_read(name: str, top_down: bool, tmp_path: Path) -> None:
    bits, compression, masks = MASKS[name]
    rows = np.asarray(QUARTERS if top_down else QUARTERS.transpose(Image.Transpose.FLIP_TOP_BOTTOM)) >= 128
    pixels = (rows[:, :, :3] * np.array(masks[:3], np.uint32)).sum(axis=2) + sum(masks[3:])
    head = struct.pack("<LllHHLLllLL", 40, 240, -160 if top_down else 160, 1, bits, compression, 0, 0, 0, 0, 0)
    data = head + struct.pack("<4L", *masks, *[0] * (4 - len(masks))) + pixels.astype(f"<u{bits // 8}").tobytes()

    picture = read_picture(written(tmp_path, b"BM" + struct.pack("<LHHL", len(data) + 14, 0, 0, 70) + data))

    assert corners(picture.image) == "rgbw"


RUNS = bytes.fromhex(
    "0007 1234 5670 0000"  # seven literal pixels, end of the row
    "0003 abc0 0499 0000"  # three literal pixels, four equal ones, end of the row
    "0002 0101 0212 0001"  # skip one row and one column, two alternating pixels, end of the picture
)


def test_runs_of_four_bit_pixels_are_unpacked() -> None:
    rows = unpack_runs(RUNS, 7, 5, 4).hex()[1::2]

    assert [rows[start : start + 7] for start in range(0, 35, 7)] == [
        "1234567",
        "abc9999",
        "0000000",
        "0120000",
        "0000000",
    ]


@pytest.mark.parametrize("kept", [6, 15, 21])
def test_runs_that_end_before_the_last_row_are_truncated(kept: int) -> None:
    with pytest.raises(IncompleteError):
        unpack_runs(RUNS[:kept], 7, 5, 4)


def test_bmp_with_more_colours_than_its_pixels_can_have_is_read(tmp_path: Path) -> None:
    data = encoded(QUARTERS.convert("P"), "BMP")
    start, colours = int.from_bytes(data[10:14], "little"), 300
    head = data[:10] + struct.pack("<L", 54 + 4 * colours) + data[14:46] + struct.pack("<L", colours) + data[50:start]

    picture = read_picture(written(tmp_path, head.ljust(54 + 4 * colours, b"\0") + data[start:]))

    assert corners(picture.image) == "rgbw"
