"""Compressed EXIF data of JPEG XL pictures is read if libjxl can decompress it."""

from pathlib import Path

import pillow_jxl.JpegXLImagePlugin  # noqa: F401 (registers the format for encoding)
from PIL import Image

from tests.support.images import encoded, textured, written
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


def test_compressed_exif_data_of_a_converted_jpeg_are_read(tmp_path: Path) -> None:
    data = converted_jpeg(tmp_path)
    assert b"brobExif" in data

    picture = read_picture(written(tmp_path, data))

    assert picture.exif.camera == "Pixel 8"
    assert picture.exif.time.taken_at is not None
    assert picture.exif.time.taken_at.isoformat() == "2024-07-01T18:30:05+02:00"
    assert (picture.exif.latitude, picture.exif.longitude) == (48.5, 11.25)


def test_orientation_of_a_converted_jpeg_is_applied_once(tmp_path: Path) -> None:
    data = converted_jpeg(tmp_path)

    picture = read_picture(written(tmp_path, data))

    assert (picture.width, picture.height) == picture.image.size == (48, 64)
    assert picture.metadata["orientation"] == 1
