"""HEIC, AVIF, TIFF, BMP, JPEG XL and raw photos are read like JPEGs."""

import io
import re
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pillow_heif
import pillow_jxl.JpegXLImagePlugin  # noqa: F401 (registers the format for encoding)
import pytest
from PIL import Image

from tests.support.bitmaps import QUARTERS
from tests.support.images import corners, encoded, pixel, textured, written
from tests.support.raw_files import dng
from uploads.errors import PermanentError
from uploads.media.image import Picture, read_picture
from uploads.media.pixel_rows import reduced_picture

CORNERS = {1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"}


pillow_heif.register_heif_opener()  # Pillow needs this to write the test files
# Pillow warns about damage that it tolerates.
pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning:PIL"), pytest.mark.slow]


def heic(image: Image.Image, **options: object) -> bytes:
    # The slower presets take 5 s for a large picture.
    return encoded(image, "HEIF", quality=90, enc_params={"preset": "ultrafast"}, **options)


FILES: dict[str, tuple[str, Callable[[Image.Image], bytes]]] = {
    "HEIC": ("image/heic", heic),
    "HEIC grid": ("image/heic", lambda image: heic(image, tile_size=max(64, image.width // 256 * 64))),
    "AVIF": ("image/avif", lambda image: encoded(image, "AVIF", speed=10)),
    "TIFF": ("image/tiff", lambda image: encoded(image, "TIFF")),
    "TIFF LZW": ("image/tiff", lambda image: encoded(image, "TIFF", compression="tiff_lzw")),
    "TIFF JPEG": ("image/tiff", lambda image: encoded(image, "TIFF", compression="jpeg")),
    "BMP": ("image/bmp", lambda image: encoded(image, "BMP")),
    "JPEG XL": ("image/jxl", lambda image: encoded(image, "JXL", effort=1)),
    "JPEG XL container": ("image/jxl", lambda image: encoded(image, "JXL", effort=1, use_container=True)),
    "DNG": ("image/x-adobe-dng", dng),
    "DNG with preview": ("image/x-adobe-dng", lambda image: dng(image, preview=image)),
}


def read(folder: Path, data: bytes) -> Picture:
    return read_picture(written(folder, data))


@pytest.mark.parametrize("kind", FILES)
def test_picture_is_read(kind: str, tmp_path: Path) -> None:
    mime_type, encode = FILES[kind]

    picture = read(tmp_path, encode(QUARTERS))

    assert (picture.mime_type, picture.width, picture.height) == (mime_type, 240, 160)
    assert picture.image.mode == "RGB"
    assert corners(picture.image) == "rgbw"


@pytest.mark.parametrize("kind", FILES)
def test_large_picture_is_reduced(kind: str, tmp_path: Path) -> None:
    picture = read(tmp_path, FILES[kind][1](textured(2100, 300)))

    assert (picture.width, picture.height) == (2100, 300)
    assert 1000 <= max(picture.image.size) <= 1024


@cache
def encoded_file(kind: str) -> bytes:
    return FILES[kind][1](textured(320, 240))


@pytest.mark.parametrize("kind", [kind for kind in FILES if "preview" not in kind])
@pytest.mark.parametrize("kept", [0.03, 0.5, 0.9])
def test_truncated_file_is_refused(kind: str, kept: float, tmp_path: Path) -> None:
    data = encoded_file(kind)

    with pytest.raises(PermanentError, match=r"image\.(truncated|corrupt)|file\.unsupported"):
        read(tmp_path, data[: int(len(data) * kept)])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "TIFF LZW"])
def test_orientation_is_applied_once(kind: str, orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"compression": "tiff_lzw"} if kind == "TIFF LZW" else {"quality": 90}
    data = encoded(QUARTERS, kind.split()[0], exif=exif if kind == "AVIF" else exif.tobytes(), **options)

    picture = read(tmp_path, data)

    assert corners(picture.image) == CORNERS[orientation]
    assert (picture.width, picture.height) == ((160, 240) if orientation >= 5 else (240, 160))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("preview", [None, "camera", "upright"])
def test_raw_photo_is_upright(orientation: int, preview: str | None, tmp_path: Path) -> None:
    turned = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
    if preview == "upright" and orientation in (1, 3):
        pytest.skip("only visible if the sides are exchanged")
    embedded = QUARTERS.transpose(turned[orientation]) if preview == "upright" else QUARTERS

    picture = read(tmp_path, dng(QUARTERS, preview=embedded if preview else None, orientation=orientation))

    assert corners(picture.image) == CORNERS[orientation]
    assert (picture.width, picture.height) == ((160, 240) if orientation >= 5 else (240, 160))


def test_raw_photo_has_its_exif_data(tmp_path: Path) -> None:
    picture = read(tmp_path, dng(QUARTERS))

    assert picture.exif.camera == "Maker Model"
    assert picture.exif.time.taken_at is not None
    assert picture.exif.time.taken_at.isoformat() == "2024-07-01T18:30:05+00:00"


def test_small_preview_of_a_raw_photo_is_not_used(tmp_path: Path) -> None:
    small = Image.new("RGB", (160, 120), "red")

    picture = read(tmp_path, dng(textured(1200, 900), preview=small))

    assert pixel(picture.image, 20, 20) != (254, 0, 0)
    assert max(picture.image.size) == 600


@pytest.mark.parametrize("preview", [None, textured(160, 120)])
def test_raw_photo_with_the_structure_of_a_tiff_is_not_read_as_one(preview: Image.Image | None, tmp_path: Path) -> None:
    data = dng(textured(1200, 900), preview=preview, make=b"Hasselblad\0", own_tags=False)

    picture = read(tmp_path, data)

    assert (picture.mime_type, picture.width, picture.height) == ("image/x-hasselblad-3fr", 1200, 900)
    assert picture.exif.camera == "Hasselblad Model"


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "JXL"])
def test_exif_data_are_read(kind: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "Pixel 8"
    exif.get_ifd(0x8769)[0x9003] = "2024:07:01 18:30:05"
    options = {"use_container": True} if kind == "JXL" else {}

    picture = read(tmp_path, encoded(textured(64, 48), kind, exif=exif.tobytes(), **options))

    assert picture.exif.camera == "Pixel 8"
    assert picture.exif.time.taken_at is not None


def test_primary_picture_of_several_is_read(tmp_path: Path) -> None:
    container = pillow_heif.from_pillow(Image.new("RGB", (64, 64), "red"))
    container.add_from_pillow(Image.new("RGB", (96, 64), "blue"))
    buffer = io.BytesIO()
    container.save(buffer, primary_index=1, quality=90)

    picture = read(tmp_path, buffer.getvalue())

    assert (picture.width, picture.height) == (96, 64)
    assert pixel(picture.image, 30, 30)[2] > 240


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])
def test_heic_of_any_brand_is_read(brand: bytes, tmp_path: Path) -> None:
    data = heic(QUARTERS)

    assert read(tmp_path, data[:8] + brand + data[12:]).mime_type == "image/heic"


def test_heic_without_its_size_is_read(tmp_path: Path) -> None:
    picture = read(tmp_path, heic(QUARTERS).replace(b"ispe", b"free"))

    assert (picture.width, picture.height) == (240, 160)
    assert corners(picture.image) == "rgbw"


def test_ten_bits_are_read(tmp_path: Path) -> None:
    ramp = (np.linspace(0, 65535, 256)[np.newaxis, :, np.newaxis] * np.ones((64, 1, 3))).astype(np.uint16)
    buffer = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (256, 64), ramp.tobytes()).save(buffer, quality=-1)

    image = read(tmp_path, buffer.getvalue()).image

    assert [abs(pixel(image, x, 30)[0] - x) <= 3 for x in (5, 100, 200, 250)] == [True] * 4


def test_sequence_is_read_as_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]

    picture = read(tmp_path, encoded(frames[0], "AVIF", save_all=True, append_images=frames[1:], duration=100))

    assert (picture.metadata["animated"], picture.metadata["frames"]) == (True, 3)
    assert pixel(picture.image, 20, 15)[0] > 240


def test_first_page_of_a_tiff_is_read(tmp_path: Path) -> None:
    pages = [Image.new("RGB", size, "red") for size in ((64, 48), (30, 20))]

    picture = read(tmp_path, encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))

    assert (picture.width, picture.height) == (64, 48)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "LAB", "I;16", "I", "F"])
def test_tiff_of_any_mode_becomes_rgb(mode: str, tmp_path: Path) -> None:
    values = {"I;16": (np.uint16, 65535), "I": (np.int32, 65535), "F": (np.float32, 1.0)}
    if mode in values:
        kind, white = values[mode]
        source = Image.fromarray(np.full((30, 40), white, kind))
    elif mode == "LAB":
        source = Image.merge("LAB", [Image.new("L", (40, 30), level) for level in (255, 128, 128)])
    else:
        source = Image.new("RGB", (40, 30), "white").convert(mode)

    image = read(tmp_path, encoded(source, "TIFF")).image

    assert image.mode == "RGB"
    assert min(pixel(image, 20, 15)) > 245


def test_tiff_that_pillow_cannot_read_is_unsupported_rather_than_damaged(tmp_path: Path) -> None:
    compression = struct.pack("<HHLL", 259, 3, 1, 1)
    webp = encoded(QUARTERS, "TIFF").replace(compression, struct.pack("<HHLL", 259, 3, 1, 50001))

    for data, kind in ((webp, "WebP compression"), (b"MM\0+\0\x08" + bytes(100), "big-endian")):
        with pytest.raises(PermanentError, match=rf"file\.unsupported: .*{kind}"):
            read(tmp_path, data)


def test_message_names_the_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    supported = frozenset({"image/jpeg"})
    monkeypatch.setattr("uploads.media.image.PICTURES", supported)
    monkeypatch.setattr("uploads.media.sniff.SUPPORTED", supported)

    with pytest.raises(PermanentError) as refused:
        read(tmp_path, heic(QUARTERS))

    assert refused.value.code == "file.unsupported"
    assert re.match(r"HEIC photos \(the package pillow-heif is not installed\)", refused.value.message)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_reduction_from_rows_leaves_no_seams(mode: str) -> None:
    ramp = Image.linear_gradient("L").resize((2100, 2500)).convert(mode)

    small = reduced_picture(mode, ramp.size, ramp.tobytes(), 2100 * Image.getmodebands(mode), 500)

    assert small.size == (700, 834)
    levels = np.asarray(small.convert("L"))[:, 350].astype(int)
    expected = 255 * (np.arange(834) + 0.5) * 3 / 2500
    assert np.abs(levels - expected.clip(0, 255)).max() <= 2
