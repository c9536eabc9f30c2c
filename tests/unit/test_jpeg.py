"""JPEGs are decoded at a size near that of the largest preview."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from uploads.media.image import read_picture


def write_jpeg(folder: Path, size: tuple[int, int], mode: str = "RGB", **options: object) -> Path:
    path = folder / "picture.jpg"
    Image.new(mode, size, 90 if mode == "L" else None).save(path, "JPEG", **options)
    return path


@pytest.mark.parametrize(
    ("size", "reduced"),
    [
        ((1600, 1200), (1000, 750)),
        ((4000, 3000), (1000, 750)),
        ((3024, 4032), (756, 1008)),
        ((1024, 768), (1024, 768)),
        ((640, 480), (640, 480)),
        ((1200, 900), (1024, 768)),
    ],
)
def test_jpeg_is_decoded_near_the_preview_size(tmp_path: Path, size: tuple[int, int], reduced: tuple[int, int]) -> None:
    picture = read_picture(write_jpeg(tmp_path, size))

    assert (picture.width, picture.height) == size
    assert picture.image.size == reduced


def test_grey_and_cmyk_jpegs_become_rgb(tmp_path: Path) -> None:
    assert read_picture(write_jpeg(tmp_path, (1600, 1200), "L")).image.getpixel((5, 5)) == (90, 90, 90)
    assert read_picture(write_jpeg(tmp_path, (1600, 1200), "CMYK")).image.mode == "RGB"


def test_reduced_jpeg_looks_like_the_whole_one(tmp_path: Path) -> None:
    whole = Image.linear_gradient("L").resize((1600, 1200)).convert("RGB")
    path = tmp_path / "gradient.jpg"
    whole.save(path, "JPEG", quality=95)

    grey = np.asarray(read_picture(path).image.convert("L"))

    top, middle, bottom = (int(grey[y, 500]) for y in (10, 375, 740))
    assert top < 10 < 120 < middle < 135 < 245 < bottom


def test_jpeg_with_a_harmless_error_is_accepted(tmp_path: Path) -> None:
    path = write_jpeg(tmp_path, (1600, 1200))
    data = path.read_bytes()
    scan = data.index(b"\xff\xda")
    path.write_bytes(data[:scan] + b"\x00\x00" + data[scan:])

    picture = read_picture(path)

    assert (picture.width, picture.height) == (1600, 1200)
