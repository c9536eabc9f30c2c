"""Mutated pictures in formats that have native decoders are read or refused in a decoder process."""

from collections.abc import Iterator
from pathlib import Path

import pillow_jxl.JpegXLImagePlugin  # noqa: F401 (registers the format for encoding)
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.media.conftest import read
from tests.support.hostile_stills import SMALL, heif
from tests.support.images import encoded
from tests.support.raw_files import dng
from uploads.errors import PermanentError
from uploads.media.decoder import DecoderPool
from uploads.media.image import Picture

EXIF = Image.Exif()
EXIF[0x0110] = "Pixel 8"
FILES = {
    "HEIC": heif(),
    "HEIC grid": heif(tile_size=64),
    "AVIF": encoded(SMALL, "AVIF"),
    "TIFF": encoded(SMALL, "TIFF"),
    "TIFF LZW": encoded(SMALL, "TIFF", compression="tiff_lzw"),
    "BMP": encoded(SMALL, "BMP"),
    "JPEG XL": encoded(SMALL, "JXL", exif=EXIF.tobytes(), use_container=True, compress_metadata=True),
    "DNG": dng(SMALL, preview=SMALL),
}


@pytest.fixture(scope="module")
def shared_pool() -> Iterator[DecoderPool]:
    pool = DecoderPool()
    yield pool
    while pool._idle:
        pool._idle.pop().close()


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4))
def test_mutated_picture_is_read_or_refused(
    kind: str, changes: list[tuple[float, bytes]], shared_pool: DecoderPool, tmp_path: Path
) -> None:
    data = bytearray(FILES[kind])
    for where, change in changes:
        start = int(where**2 * len(data))
        data[start : start + len(change)] = change
    path = tmp_path / "file"
    path.write_bytes(data)

    outcome = _outcome(shared_pool, path)

    if isinstance(outcome, PermanentError):
        # A change can turn a HEIF file into the start of a video.
        assert outcome.code.startswith(("image.", "file.", "video."))
        assert outcome.message
    else:
        assert outcome.image.mode == "RGB"


def _outcome(pool: DecoderPool, path: Path) -> Picture | PermanentError:
    try:
        return read(pool, path)
    except PermanentError as refusal:
        return refusal
