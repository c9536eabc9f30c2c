"""In Chromium, previews have the same colours as their originals."""

import base64
import io
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.support.images import encoded, png_chunk, written
from tests.support.profiles import P3_PRIMARIES, SRGB_PRIMARIES, grey_profile, rgb_profile
from uploads.media.image import read_picture

Pixels = NDArray[Any]
TOLERANCE = 6
SIZE = (240, 160)
_PRIMARIES = (0.3127, 0.329, *P3_PRIMARIES)
CHROMATICITIES = png_chunk(b"cHRM", struct.pack(">8L", *(round(value * 100_000) for value in _PRIMARIES)))


def colours() -> Image.Image:
    """Return four rows of patches: one row of greys from dark to light, and three rows of random colours."""
    random = np.random.default_rng(7)
    patches = random.integers(0, 256, (4, 6, 3)).astype(np.uint8)
    patches[0, :, :] = np.linspace(10, 250, 6)[:, np.newaxis].astype(np.uint8)
    return Image.fromarray(patches).resize(SIZE, Image.Resampling.NEAREST)


def png(*chunks: bytes, **options: object) -> bytes:
    data = encoded(colours(), "PNG", **options)
    return data[:33] + b"".join(chunks) + data[33:]


def gamma(value: float) -> bytes:
    return png_chunk(b"gAMA", struct.pack(">L", round(value * 100_000)))


def codes(primaries: int, transfer: int) -> bytes:
    return png_chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def avif(primaries: int, transfer: int) -> bytes:
    data = encoded(colours(), "AVIF", quality=95, subsampling="4:4:4")
    start = data.index(b"nclx") + 4
    return data[:start] + struct.pack(">HH", primaries, transfer) + data[start + 4 :]


KINDS: dict[str, Callable[[], bytes]] = {
    "JPEG, Display P3": lambda: encoded(colours(), "JPEG", quality=95, icc_profile=rgb_profile(P3_PRIMARIES, 2.2)),
    "JPEG, linear": lambda: encoded(
        colours(), "JPEG", quality=95, icc_profile=rgb_profile(SRGB_PRIMARIES, 1, "sRGB linear")
    ),
    "JPEG, grey": lambda: encoded(colours().convert("L"), "JPEG", quality=95, icc_profile=grey_profile(1.0)),
    "PNG, grey": lambda: encoded(colours().convert("L"), "PNG", icc_profile=grey_profile(1.8)),
    "PNG, grey with an RGB profile": lambda: encoded(
        colours().convert("L"), "PNG", icc_profile=rgb_profile(P3_PRIMARIES, 1.0)
    ),
    "PNG, RGB with a grey profile": lambda: png(icc_profile=grey_profile(1.0)),
    "WebP, Display P3": lambda: encoded(colours(), "WEBP", lossless=True, icc_profile=rgb_profile(P3_PRIMARIES, 2.2)),
    "PNG, gamma 1": lambda: png(gamma(1.0)),
    "PNG, gamma 1/1.8": lambda: png(gamma(0.55556)),
    "PNG, gamma 1/2.2": lambda: png(gamma(0.45455)),
    "PNG, gamma and primaries": lambda: png(gamma(0.45455), CHROMATICITIES),
    "PNG, primaries alone": lambda: png(CHROMATICITIES),
    "PNG, gamma and sRGB": lambda: png(gamma(1.0), png_chunk(b"sRGB", b"\0")),
    "PNG, coded P3": lambda: png(codes(12, 13)),
    "PNG, coded BT.2020": lambda: png(codes(9, 14)),
    "PNG, PQ": lambda: png(codes(9, 16)),
    "PNG, HLG": lambda: png(codes(9, 18)),
    "AVIF, P3": lambda: avif(12, 13),
    "AVIF, BT.709": lambda: avif(1, 1),
    "AVIF, BT.2020": lambda: avif(9, 14),
    "AVIF, P3 with the curve of BT.709": lambda: avif(12, 1),
    "PNG, coded BT.709": lambda: png(codes(1, 1)),
    "PNG, PQ with the primaries of sRGB": lambda: png(codes(1, 16)),
    "AVIF, linear": lambda: avif(1, 8),
    "AVIF, PQ": lambda: avif(9, 16),
    "AVIF, HLG": lambda: avif(9, 18),
}


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    with closing(chromium.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})) as page:
        yield page


@pytest.mark.parametrize("kind", KINDS)
def test_preview_has_the_colours_of_the_browser(kind: str, page: Page, tmp_path: Path) -> None:
    data = KINDS[kind]()

    preview = np.asarray(read_picture(written(tmp_path, data)).image).astype(float)

    shown = _shown(page, data).astype(float)
    assert np.abs(_means(preview) - _means(shown)).max() <= TOLERANCE


def _shown(page: Page, data: bytes) -> Pixels:
    """Return the pixels of the picture as shown by the browser."""
    source = f"data:{_mime_type(data)};base64,{base64.b64encode(data).decode()}"
    page.set_content(f'<style>body {{margin: 0}} img {{display: block}}</style><img src="{source}">')
    page.evaluate("document.images[0].decode()")
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))


def _mime_type(data: bytes) -> str:
    return "image/avif" if data[4:8] == b"ftyp" else "image/png" if data[1:4] == b"PNG" else "image/jpeg"


def _means(pixels: Pixels) -> Pixels:
    """Return the mean colour of each patch, not counting the pixels at its edges."""
    patches = pixels.reshape(4, 40, 6, 40, 3)[:, 8:-8, :, 8:-8]
    means: Pixels = patches.mean(axis=(1, 3))
    return means
