"""Small files that cost a naive decoder minutes of time or gigabytes of memory are refused, or read cheaply."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import hostile_files
from tests.support.images import encoded, textured, written
from uploads.errors import PermanentError
from uploads.media.image import read_picture


@pytest.fixture
def peak() -> Iterator[None]:
    """Fail a test in which Python's allocators hold more than 32 MiB at any time."""
    tracemalloc.start()
    yield
    mebibytes = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    assert mebibytes < 32


COMPLEX = {
    "many scans": hostile_files.scan_bomb(1000, 1000, 101),
    "large scans": hostile_files.scan_bomb(10_000, 10_000, 21),
    "segments": hostile_files.segment_bomb(5000),
    "fill bytes": hostile_files.fill_bomb(70_000),
    "comments": hostile_files.comment_gif(300_000),
    "extensions": hostile_files.extension_gif(10_001),
}


@pytest.mark.parametrize("kind", sorted(COMPLEX))
def test_file_that_takes_too_long_is_refused_with_the_reason(kind: str, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"has .*\d") as refused:
        read_picture(written(tmp_path, COMPLEX[kind]))

    assert refused.value.code == "image.complex"


def test_as_many_scans_as_encoders_write_are_accepted(tmp_path: Path) -> None:
    assert read_picture(written(tmp_path, hostile_files.scan_bomb(1000, 1000, 100))).width == 1000


@pytest.mark.parametrize("data", [hostile_files.exif_jpeg(), hostile_files.exif_png()], ids=["JPEG", "PNG"])
def test_exif_entries_that_share_a_block_cost_no_memory(data: bytes, tmp_path: Path, peak: None) -> None:
    picture = read_picture(written(tmp_path, data))

    assert (picture.exif.orientation, picture.width, picture.height) == (6, 40, 60)


def test_texts_of_a_png_are_not_unpacked(tmp_path: Path, peak: None) -> None:
    assert read_picture(written(tmp_path, hostile_files.text_png())).width == 60


@pytest.mark.parametrize(
    "data",
    [
        hostile_files.large_webp(16_383, 6100),
        hostile_files.large_gif(60_000, 4000),
        encoded(textured(60, 40), "JPEG", progressive=True).replace(b"\x00\x28\x00\x3c\x03", b"\x2a\x00\x2a\x00\x03"),
    ],
    ids=["WebP", "GIF", "JPEG 4:2:0"],
)
def test_picture_whose_decoder_needs_too_much_memory_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="megapixels") as refused:
        read_picture(written(tmp_path, data), max_pixels=10**9)

    assert refused.value.code == "image.bomb"


def test_meaningless_bytes_in_a_gif_end_it(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"image\.(corrupt|truncated)"):
        read_picture(written(tmp_path, hostile_files.junk_gif(1000)))
