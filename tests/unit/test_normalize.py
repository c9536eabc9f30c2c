import gc
import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.support.images import encoded, pixel, textured, written
from uploads.media.image import read_picture
from uploads.media.normalize import normalize_image
from uploads.media.previews import make_previews

GREEN = (0, 200, 0)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16", "RGB"])
def test_png_of_any_mode_becomes_rgb(mode: str, tmp_path: Path) -> None:
    source = Image.fromarray(np.full((30, 40), 65535, np.uint16)) if mode == "I;16" else _white(mode)

    image = read_picture(written(tmp_path, encoded(source, "PNG"))).image

    assert image.mode == "RGB"
    assert pixel(image, 20, 15) == (255, 255, 255)


def test_cmyk_jpeg_becomes_rgb(tmp_path: Path) -> None:
    source = Image.new("CMYK", (40, 30), (0, 255, 255, 0))

    red, green, blue = pixel(read_picture(written(tmp_path, encoded(source, "JPEG"))).image, 20, 15)

    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_transparency_becomes_white(kind: str, tmp_path: Path) -> None:
    source = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    source.paste((*GREEN, 255), (0, 0, 20, 30))

    image = read_picture(written(tmp_path, encoded(source, kind))).image

    assert _close(pixel(image, 10, 15), GREEN)
    assert _close(pixel(image, 30, 15), (255, 255, 255))


def test_transparent_palette_and_key_colour_become_white(tmp_path: Path) -> None:
    palette = Image.new("P", (40, 30), 0)
    palette.putpalette([0, 0, 0, *GREEN])
    keyed = Image.new("RGB", (40, 30), (1, 2, 3))

    of_palette = read_picture(written(tmp_path, encoded(palette, "PNG", transparency=0))).image
    of_key = read_picture(written(tmp_path, encoded(keyed, "PNG", transparency=(1, 2, 3)))).image

    assert pixel(of_palette, 5, 5) == pixel(of_key, 5, 5) == (255, 255, 255)


def test_transparent_level_of_a_grey_picture_with_16_bits_becomes_white(tmp_path: Path) -> None:
    levels = np.full((30, 40), 300, np.uint16)
    levels[:, 20:] = 301

    image = read_picture(written(tmp_path, encoded(Image.fromarray(levels), "PNG", transparency=300))).image

    assert (pixel(image, 5, 15), pixel(image, 35, 15)) == ((255, 255, 255), (1, 1, 1))


def test_half_transparency_mixes_with_white() -> None:
    image = normalize_image(Image.new("RGBA", (10, 10), (0, 0, 0, 128)), 1024)

    assert _close(pixel(image, 5, 5), (127, 127, 127))


def test_colour_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    source = Image.new("RGB", (40, 30), (200, 30, 30))

    def converted(profile: bytes) -> tuple[int, ...]:
        return pixel(read_picture(written(tmp_path, encoded(source, "PNG", icc_profile=profile))).image, 5, 5)

    assert converted(_srgb()) == (200, 30, 30)
    assert converted(_dull())[0] < 180
    assert converted(_dull() + bytes(2**17))[0] < 180
    assert converted(lab) == converted(b"no profile at all") == (200, 30, 30)


@pytest.mark.parametrize("start", ["valid", "broken"])
def test_large_colour_profiles_are_not_cached(start: str) -> None:
    profile = (_dull() if start == "valid" else b"no profile at all") + bytes(2**20)

    assert _memory_growth(profile) < 2**20


def test_broken_colour_profiles_are_not_cached() -> None:
    assert _memory_growth(b"no profile at all" + bytes(60_000)) < 2**17


def test_thin_picture_keeps_a_side_of_one_pixel() -> None:
    assert normalize_image(Image.new("RGB", (20_000, 1)), 1024).size == (1024, 1)


def test_previews_are_jpegs_of_both_sizes() -> None:
    previews = make_previews(textured(1024, 768))

    sizes = {size: _opened(data).size for size, data in previews.items()}
    assert sizes == {320: (320, 240), 1024: (1024, 768)}
    assert all(data.startswith(b"\xff\xd8\xff") for data in previews.values())


@pytest.mark.parametrize("width", [300, 1600])
def test_previews_contain_no_metadata(width: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x013B] = "secret name"
    path = written(tmp_path, encoded(textured(width, 200), "JPEG", exif=exif, comment="secret place"))

    previews = make_previews(read_picture(path).image)

    assert b"secret" in path.read_bytes()
    assert not any(b"secret" in data for data in previews.values())


def test_previews_are_never_enlarged() -> None:
    previews = make_previews(textured(200, 100))

    assert {_opened(data).size for data in previews.values()} == {(200, 100)}


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _dull() -> bytes:
    """Return a valid profile that differs from sRGB: its red is much duller."""
    srgb = _srgb()
    at = int.from_bytes(srgb[srgb.index(b"rXYZ", 128) + 4 :][:4], "big") + 8
    dull = srgb[:at] + b"\x00\x00\x30\x00" + srgb[at + 4 :]
    return dull.replace("sRGB".encode("utf-16-be"), "dull".encode("utf-16-be"))


def _memory_growth(profile: bytes) -> int:
    """Normalize twelve pictures with different profiles, all starting with `profile`. Return the memory not freed."""
    source = Image.new("RGB", (40, 30))
    normalize_image(source, 1024)
    tracemalloc.start()
    try:
        for number in range(12):
            source.info["icc_profile"] = profile + bytes([number])
            normalize_image(source, 1024)
        del source
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def _white(mode: str) -> Image.Image:
    return Image.new("RGB", (40, 30), "white").convert(mode)


def _close(pixel: tuple[int, ...], expected: tuple[int, int, int]) -> bool:
    return all(abs(value - other) <= 8 for value, other in zip(pixel, expected, strict=True))


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))
