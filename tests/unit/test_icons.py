"""Windows icons and cursors are read as their largest picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.bitmaps import QUARTERS, bitmap, icon, padded, quarter_indices
from tests.support.images import corners, encoded, pixel, written
from uploads.errors import PermanentError
from uploads.media.image import Picture, read_picture
from uploads.media.sniff import sniff

PIXELS = quarter_indices(48, 48)
OPAQUE = bytes(8 * 48)


def dib(indices: np.ndarray, bits: int, mask: bytes) -> bytes:
    return b"".join(bitmap(indices, bits, mask=mask))


def read(folder: Path, data: bytes) -> Picture:
    return read_picture(written(folder, data))


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize("bits", [2, 4, 8, 24, 32])
def test_largest_bitmap_is_read(kind: int, bits: int, tmp_path: Path) -> None:
    small = dib(np.zeros((16, 16), np.uint8), bits, bytes(64))

    picture = read(tmp_path, icon((16, bits, small), (48, bits, dib(PIXELS, bits, OPAQUE)), kind=kind))

    assert (picture.mime_type, picture.width, picture.height) == ("image/x-icon", 48, 48)
    assert corners(picture.image) == "rgbw"


def test_largest_png_is_read(tmp_path: Path) -> None:
    small, large = dib(PIXELS, 8, OPAQUE), encoded(QUARTERS.resize((256, 256)), "PNG")

    picture = read(tmp_path, icon((48, 8, small), (256, 32, large)))

    assert (picture.width, picture.height) == (256, 256)
    assert corners(picture.image) == "rgbw"


def test_picture_with_most_bits_of_equal_size_is_read(tmp_path: Path) -> None:
    poor = dib(np.zeros((48, 48), np.uint8), 4, OPAQUE)

    picture = read(tmp_path, icon((48, 4, poor), (48, 24, dib(PIXELS, 24, OPAQUE)), (48, 4, poor)))

    assert corners(picture.image) == "rgbw"


@pytest.mark.parametrize("bits", [8, 32])
def test_masked_pixels_are_transparent(bits: int, tmp_path: Path) -> None:
    left = padded(np.packbits(np.arange(48)[None, :].repeat(48, axis=0) < 24, axis=1))

    image = read(tmp_path, icon((48, bits, dib(np.zeros((48, 48), np.uint8), bits, left)))).image

    assert [pixel(image, x, 20) for x in (10, 40)] == [(255, 255, 255), (255, 0, 0)]


def test_alpha_channel_takes_precedence_over_the_mask(tmp_path: Path) -> None:
    half = Image.new("RGBA", (48, 48), (0, 0, 255, 0))
    half.paste((255, 0, 0, 255), (0, 0, 24, 48))

    image = read(tmp_path, encoded(half, "ICO", bitmap_format="bmp", sizes=[(48, 48)])).image

    assert [pixel(image, x, 20) for x in (10, 40)] == [(255, 0, 0), (255, 255, 255)]


def test_icon_that_claims_a_large_bitmap_is_refused(tmp_path: Path) -> None:
    head = bytearray(dib(PIXELS, 8, OPAQUE))
    head[4:12] = np.array([30_000, 60_000], "<u4").tobytes()

    with pytest.raises(PermanentError, match=r"image\.bomb"):
        read(tmp_path, icon((48, 8, bytes(head))))


@pytest.mark.parametrize("kept", [10, 40, 300])
def test_truncated_icon_is_refused(kept: int, tmp_path: Path) -> None:
    data = icon((48, 8, dib(PIXELS, 8, OPAQUE)))

    with pytest.raises(PermanentError, match=r"image\.(truncated|corrupt)|file\.unsupported"):
        read(tmp_path, data[:kept])


def test_tga_is_not_an_icon() -> None:
    assert sniff(bytes([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 48, 0, 48, 0, 24, 0]) + bytes(range(200))) == "image/x-tga"
