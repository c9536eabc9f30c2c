import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.support.images import SAMPLES, encoded, encoded_texture, pixel, quartered, textured, truncated_png, written
from uploads.errors import EnvironmentalError, PermanentError
from uploads.media.image import read_picture

KINDS = ["JPEG", "PNG", "WEBP", "GIF"]


@pytest.mark.parametrize("kind", KINDS)
def test_size_and_type_do_not_depend_on_the_name(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, encoded_texture(300, 200, kind), "holiday.pdf")

    picture = read_picture(path)

    assert (picture.width, picture.height, picture.mime_type) == (300, 200, f"image/{kind.lower()}")
    assert (picture.image.size, picture.image.mode) == ((300, 200), "RGB")


@pytest.mark.parametrize("kind", KINDS)
def test_large_picture_is_reduced_to_1024_pixels(kind: str, tmp_path: Path) -> None:
    gradient = Image.linear_gradient("L").resize((2100, 300)).convert("RGB")
    path = written(tmp_path, encoded(gradient, kind))

    picture = read_picture(path)

    assert (picture.width, picture.height) == (2100, 300)
    assert picture.image.size == (1024, 146)


def test_reduction_in_strips_leaves_no_seams(tmp_path: Path) -> None:
    ramp = Image.linear_gradient("L").resize((2100, 4200)).convert("RGB")
    path = written(tmp_path, encoded(ramp, "PNG", compress_level=1))

    image = read_picture(path).image

    levels = np.asarray(image)[:, 300, 0]
    expected = 255 * (np.arange(image.height) + 0.5) / image.height
    assert np.abs(levels - expected).max() <= 2.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.97])
def test_truncated_file_is_refused(kind: str, kept: float, tmp_path: Path) -> None:
    data = encoded_texture(320, 240, kind)
    path = written(tmp_path, data[: int(len(data) * kept)])

    with pytest.raises(PermanentError) as raised:
        read_picture(path)

    assert raised.value.code == "image.truncated"


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [3, 20, 1000, 4000])
def test_jpeg_without_its_last_bytes_is_refused(missing: int, progressive: bool, tmp_path: Path) -> None:
    data = encoded_texture(2100, 1050, "JPEG", progressive=progressive)
    path = written(tmp_path, data[:-missing])

    with pytest.raises(PermanentError, match=r"image\.truncated"):
        read_picture(path)


def test_jpeg_that_ends_in_zeros_is_refused(tmp_path: Path) -> None:
    data = encoded(textured(1600, 1200), "JPEG")
    half = len(data) // 2
    path = written(tmp_path, data[:half] + bytes(len(data) - half))

    with pytest.raises(PermanentError, match=r"image\.truncated"):
        read_picture(path)


def test_jpeg_with_trailing_zeros_is_accepted(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(textured(300, 200), "JPEG") + bytes(100_000))

    assert read_picture(path).width == 300


def test_jpeg_with_appended_video_is_accepted(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(textured(300, 200), "JPEG") + b"\x00\x00\x00\x18ftypmp42" * 99 + bytes(5000))

    assert read_picture(path).width == 300


@pytest.mark.parametrize("kind", KINDS)
def test_data_after_the_end_is_ignored(kind: str, tmp_path: Path) -> None:
    data = encoded(quartered(), kind) + b"appended text" * 50

    assert read_picture(written(tmp_path, data)).width == 60


@pytest.mark.parametrize("kind", KINDS)
def test_header_without_data_is_refused(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, encoded_texture(300, 200, kind)[:40])

    with pytest.raises(PermanentError, match=r"image\.(truncated|corrupt)"):
        read_picture(path)


def test_damaged_picture_is_refused_as_corrupt(tmp_path: Path) -> None:
    data = bytearray(encoded(textured(300, 200), "PNG"))
    data[2000:2100] = bytes(100)

    with pytest.raises(PermanentError, match=r"image\.corrupt"):
        read_picture(written(tmp_path, bytes(data)))


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file.empty"), (b"not a picture", "file.unsupported"), (b"%PDF-1.4\n", "file.unsupported")],
)
def test_other_file_is_refused(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as raised:
        read_picture(written(tmp_path, data, "beach.jpg"))

    assert raised.value.code == code
    assert str(tmp_path) not in raised.value.message


def kibibytes(name: str) -> int:
    """Return a memory size of this process; see proc_pid_status(5)."""
    return int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0])


def test_bomb_is_refused_before_decoding(tmp_path: Path) -> None:
    path = written(tmp_path, truncated_png(13_000, 13_000))
    Path("/proc/self/clear_refs").write_text("5")  # reset VmHWM, the peak; see proc_pid_clear_refs(5)
    before = kibibytes("VmRSS")

    with pytest.raises(PermanentError, match=r"image\.bomb"):
        read_picture(path)

    assert kibibytes("VmHWM") - before < 20_000


def test_pixel_limit_is_a_parameter(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(textured(300, 200), "PNG"))

    assert read_picture(path, max_pixels=60_000).width == 300
    with pytest.raises(PermanentError, match=r"image\.bomb"):
        read_picture(path, max_pixels=59_999)


def test_pixel_limit_is_higher_for_baseline_jpegs(tmp_path: Path) -> None:
    plain = written(tmp_path, encoded_texture(2100, 1050, "JPEG", progressive=False), "plain")
    progressive = written(tmp_path, encoded_texture(2100, 1050, "JPEG", progressive=True), "progressive")

    assert read_picture(plain, max_pixels=1_000_000).width == 2100
    with pytest.raises(PermanentError, match=r"image\.bomb"):
        read_picture(progressive, max_pixels=1_000_000)


def test_missing_file_is_an_environmental_error(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentalError) as raised:
        read_picture(tmp_path / "gone.jpg")

    assert raised.value.code == "storage.unreadable"
    assert "gone.jpg" not in raised.value.message


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_is_read_as_its_first_frame(kind: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)

    picture = read_picture(written(tmp_path, data))

    assert (picture.metadata["animated"], picture.metadata["frames"]) == (True, 3)
    red, green, blue = pixel(picture.image, 20, 15)
    assert red > 240
    assert max(green, blue) < 15


def test_canvas_around_the_first_frame_of_a_gif_is_transparent(tmp_path: Path) -> None:
    frame = encoded(quartered(), "GIF")
    path = written(tmp_path, frame[:6] + struct.pack("<HH", 100, 80) + frame[10:])

    image = read_picture(path).image

    assert [pixel(image, *spot) for spot in ((5, 5), (90, 5), (5, 70))] == [(255, 0, 0), *[(255, 255, 255)] * 2]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = written(tmp_path, encoded(quartered(), "PNG", exif=exif))

    picture = read_picture(path)

    corners = {1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"}
    assert _corners(picture.image) == corners[orientation]
    assert (picture.width, picture.height) == ((40, 60) if orientation >= 5 else (60, 40))
    assert picture.image.size == (picture.width, picture.height)


def test_orientation_in_the_text_of_a_png_is_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.update({0x0110: "Q2", 0x0112: 6})
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(exif.tobytes())}\n{exif.tobytes().hex()}")

    picture = read_picture(written(tmp_path, encoded(quartered(), "PNG", pnginfo=text)))

    assert picture.exif.camera == "Q2"
    assert (picture.width, picture.height) == (60, 40)


def test_samples_are_read() -> None:
    sizes = {path.stem: read_picture(path).image.size for path in SAMPLES.glob("*.jpg")}

    assert sizes == {
        "astronaut": (512, 512),
        "chelsea": (451, 300),
        "coffee": (600, 400),
        "hubble_deep_field": (1000, 872),
        "rocket": (640, 427),
    }


def _corners(image: Image.Image) -> str:
    names = {(255, 0, 0): "r", (0, 255, 0): "g", (0, 0, 255): "b", (255, 255, 255): "w"}
    right, bottom = image.width - 3, image.height - 3
    return "".join(names[pixel(image, *spot)] for spot in ((2, 2), (right, 2), (2, bottom), (right, bottom)))
