"""Compressed EXIF data of JPEG XL pictures is decompressed and read."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import brotli
import pillow_jxl.JpegXLImagePlugin  # noqa: F401 (registers the format for encoding)
import pytest
from PIL import Image

from tests.support.images import encoded, textured, written
from uploads.media.exif import ExifData
from uploads.media.image import read_picture

EXIF_IFD, GPS_IFD = 0x8769, 0x8825


def phone_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0110] = "Pixel 8"
    exif[0x0112] = 6
    exif.get_ifd(EXIF_IFD).update({0x9003: "2024:07:01 18:30:05", 0x9011: "+02:00"})
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (48.0, 30.0, 0.0), 3: "E", 4: (11.0, 15.0, 0.0)})
    return exif.tobytes()


def converted_jpeg(folder: Path) -> bytes:
    jpeg = written(folder, encoded(textured(64, 48), "JPEG", exif=phone_exif()), "photo.jpg")
    with Image.open(jpeg) as photo:
        return encoded(photo, "JXL", lossless_jpeg=True)


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def with_compressed_exif(content: bytes) -> bytes:
    """Return a JPEG XL that ends with a box of compressed EXIF data."""
    return encoded(textured(64, 48), "JXL", use_container=True) + box(b"brob", b"Exif" + content)


def compressed_picture(folder: Path) -> bytes:
    return encoded(textured(64, 48), "JXL", exif=phone_exif(), use_container=True, compress_metadata=True)


@pytest.mark.parametrize("encode", [converted_jpeg, compressed_picture])
def test_compressed_exif_data_are_read(encode: Callable[[Path], bytes], tmp_path: Path) -> None:
    data = encode(tmp_path)
    assert b"brobExif" in data

    picture = read_picture(written(tmp_path, data))

    assert picture.exif.camera == "Pixel 8"
    assert picture.exif.time.taken_at is not None
    assert picture.exif.time.taken_at.isoformat() == "2024-07-01T18:30:05+02:00"
    assert (picture.exif.latitude, picture.exif.longitude) == (48.5, 11.25)


def test_first_of_several_boxes_is_read(tmp_path: Path) -> None:
    exif = phone_exif().removeprefix(b"Exif\0\0")
    data = with_compressed_exif(brotli.compress(bytes(4) + exif)) + box(b"Exif", bytes(4) + exif.replace(b"8", b"9"))

    assert read_picture(written(tmp_path, data)).exif.camera == "Pixel 8"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"no Brotli data", id="damaged"),
        pytest.param(brotli.compress(bytes(4) + phone_exif().removeprefix(b"Exif\0\0"))[:-9], id="truncated"),
        pytest.param(brotli.compress(bytes(4) + phone_exif()[6:] + bytes(2**26), quality=1), id="bomb"),
        pytest.param(b"", id="empty"),
    ],
)
def test_unreadable_exif_data_are_ignored(content: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, with_compressed_exif(content))
    tracemalloc.start()
    try:
        picture = read_picture(path)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (picture.width, picture.exif) == (64, ExifData())
    assert peak < 4 * 2**20


def test_other_compressed_boxes_are_not_exif_data(tmp_path: Path) -> None:
    exif = brotli.compress(bytes(4) + phone_exif().removeprefix(b"Exif\0\0"))
    data = encoded(textured(64, 48), "JXL", use_container=True) + box(b"brob", b"xml " + exif)

    assert read_picture(written(tmp_path, data)).exif == ExifData()


def test_orientation_of_a_converted_jpeg_is_applied_once(tmp_path: Path) -> None:
    data = converted_jpeg(tmp_path)

    picture = read_picture(written(tmp_path, data))

    assert (picture.width, picture.height) == picture.image.size == (48, 64)
    assert picture.metadata["orientation"] == 1
