"""Key frames, duration, size after rotation and codec are read from videos of cameras, phones and browsers."""

from pathlib import Path

import pytest
from PIL import Image

from tests.support.films import film, sound
from tests.support.images import pixel, textured, written
from uploads.errors import PermanentError
from uploads.media.decoder_process import read_media
from uploads.media.image import MAX_PIXELS, Picture

pytestmark = pytest.mark.slow

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def read(folder: Path, data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    return read_media(written(folder, data), max_pixels, lambda pixels: None)


def corners(picture: Picture) -> list[tuple[int, ...]]:
    """Return the colours of the four quarters, row by row, with each channel rounded to 0 or 255."""
    width, height = picture.image.size
    places = [(x, y) for y in (height // 8, height * 7 // 8) for x in (width // 8, width * 7 // 8)]
    return [tuple(round(value / 255) * 255 for value in pixel(picture.image, *place)) for place in places]


def without_pictures(data: bytes) -> bytes:
    """Return the MP4 or MOV `data` with zeros in place of its pictures."""
    start = data.index(b"mdat")
    size = int.from_bytes(data[start - 4 : start], "big")
    return data[: start + 4] + bytes(size - 8) + data[start - 4 + size :]


@pytest.mark.parametrize(
    ("container", "codec", "decoded", "mime_type"),
    [
        ("mp4", "mpeg4", "mpeg4", "video/mp4"),
        ("mp4", "libx264", "h264", "video/mp4"),
        ("mp4", "libx265", "hevc", "video/mp4"),
        ("mov", "mjpeg", "mjpeg", "video/quicktime"),
        ("3gp", "mpeg4", "mpeg4", "video/3gpp"),
        ("matroska", "libx264", "h264", "video/x-matroska"),
        ("webm", "libvpx", "vp8", "video/webm"),
        ("avi", "mjpeg", "mjpeg", "video/x-msvideo"),
        ("mpegts", "mpeg2video", "mpeg2video", "video/mp2t"),
    ],
)
def test_key_frames_of_each_container_are_read(
    container: str, codec: str, decoded: str, mime_type: str, tmp_path: Path
) -> None:
    found = read(tmp_path, film(container, codec=codec, rate=25 if codec == "mpeg2video" else 2, frames=50))

    assert (found.mime_type, found.width, found.height) == (mime_type, 120, 80)
    assert corners(found) == [RED, GREEN, BLUE, WHITE]
    assert found.duration == pytest.approx(2 if codec == "mpeg2video" else 25, rel=0.05)
    assert 1 <= len(found.frames) <= 8
    assert found.metadata["codec"] == decoded


@pytest.mark.parametrize(
    ("rotation", "size", "expected"),
    [
        (0, (120, 80), [RED, GREEN, BLUE, WHITE]),
        (90, (80, 120), [GREEN, WHITE, RED, BLUE]),
        (180, (120, 80), [WHITE, BLUE, GREEN, RED]),
        (-90, (80, 120), [BLUE, RED, WHITE, GREEN]),
    ],
)
def test_film_is_rotated_upright(
    rotation: int, size: tuple[int, int], expected: list[tuple[int, int, int]], tmp_path: Path
) -> None:
    found = read(tmp_path, film(rotation=rotation))

    assert (found.width, found.height) == size
    assert corners(found) == expected
    assert found.metadata["rotation"] == -rotation % 360


def test_frames_are_spread_over_the_film(tmp_path: Path) -> None:
    greys = tuple(Image.new("RGB", (64, 64), (value, value, value)) for value in range(0, 250, 2))

    frames = read(tmp_path, film(pictures=greys, key_every=1)).frames

    values = [pixel(frame, 32, 32)[0] for frame in frames]
    assert len(values) == 8
    assert all(abs(value - (number + 0.5) * 31) < 12 for number, value in enumerate(values))


def test_film_with_one_key_frame_is_described_by_it(tmp_path: Path) -> None:
    assert len(read(tmp_path, film(codec="libx264", frames=30, key_every=1000)).frames) == 1


def test_poster_is_not_the_black_beginning(tmp_path: Path) -> None:
    black, scene = Image.new("RGB", (120, 80)), textured(120, 80)

    found = read(tmp_path, film(pictures=(black,) * 8 + (scene,) * 8))

    assert found.image is not found.frames[0]
    assert len(found.image.getcolors(10**6) or ()) > 100


def test_large_frames_are_reduced(tmp_path: Path) -> None:
    found = read(tmp_path, film(pictures=(textured(2000, 500),) * 2))

    assert (found.width, found.height, found.image.size) == (2000, 500, (1024, 256))


def test_length_that_a_live_recording_does_not_state_is_measured(tmp_path: Path) -> None:
    live = film("webm", codec="libvpx", frames=50, rate=10, options={"live": "1"})

    found = read(tmp_path, live)

    assert found.duration == pytest.approx(5, abs=0.2)
    assert len(found.frames) == 8


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (sound(), "video.no_picture"),
        (film("avi", codec="asv1"), "video.codec"),
        (film()[:-200], "video.truncated"),
        (film(options={"moov_size": "4000"})[:-200], "video.truncated"),
        (film("matroska")[:300], "video.corrupt"),
        (without_pictures(film(codec="libx264")), "video.corrupt"),
        (without_pictures(film("mov", codec="mjpeg")), "video.corrupt"),
    ],
    ids=["sound", "codec", "no index", "cut", "only a header", "no H.264", "no JPEG"],
)
def test_film_that_cannot_be_shown_is_refused_with_its_reason(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as refused:
        read(tmp_path, data)

    assert refused.value.code == code


def test_film_with_too_many_pixels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"image\.bomb: .* 120 by 80"):
        read(tmp_path, film(), max_pixels=9599)
