import io
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.bitmaps import bitmap, bmp, icon, quarter_indices
from tests.support.images import encoded, textured
from uploads.errors import PermanentError
from uploads.media.bmp_header import INFO_BYTES
from uploads.media.container_types import tiff_type
from uploads.media.exif import ExifData, interpret_tags, read_tags
from uploads.media.heif_boxes import colour_codes
from uploads.media.image import Picture, read_picture
from uploads.media.iso_boxes import list_boxes
from uploads.media.jpeg_end import end_of_data, trailer_start
from uploads.media.sniff import name_type, sniff
from uploads.media.tiff_tags import FileBytes, TiffTags

# Ignore Pillow's warnings about invalid EXIF, because such pictures are accepted.
pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning:PIL"), pytest.mark.slow]

_EXIF = Image.Exif()
_EXIF.update({0x010F: "Maker", 0x0112: 6})
_EXIF.get_ifd(0x8769).update({0x9003: "2020:01:01 00:00:00"})
FILES = {kind: encoded(textured(64, 48), kind, exif=_EXIF) for kind in ("JPEG", "PNG", "WEBP")}
FILES["GIF"] = encoded(textured(64, 48), "GIF", save_all=True, append_images=[textured(64, 48, seed=1)])
FILES["ICO"] = encoded(textured(64, 48), "ICO", bitmap_format="bmp")
FILES["ICO with PNG"] = encoded(textured(64, 48), "ICO")
FILES["CUR"] = icon((16, 8, b"".join(bitmap(quarter_indices(16, 16), 8, mask=bytes(64)))), kind=2)
FILES["BMP"] = bmp(*bitmap(quarter_indices(32, 24), 4))
FILES["BMP with masks"] = bmp(*bitmap(quarter_indices(32, 24), 32, header_bytes=124))
FILES["BMP with runs"] = bmp(bitmap(quarter_indices(32, 24), 8, compression=1)[0], b"\x08\1\x18\2\0\0" * 24 + b"\0\1")
FILES["BMP of OS/2"] = bmp(*bitmap(quarter_indices(32, 24), 24, header_bytes=12))


# This replaces the profile's list, so its other entries are repeated here.
SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.parametrize("kind", sorted(FILES))
@settings(max_examples=30, deadline=None, suppress_health_check=SUPPRESSED)
@given(changes=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4))
def test_mutated_picture_is_read_or_refused(kind: str, changes: list[tuple[float, bytes]], tmp_path: Path) -> None:
    data = bytearray(FILES[kind])
    for where, change in changes:
        start = int(where**2 * len(data))
        data[start : start + len(change)] = change
    path = tmp_path / "file"
    path.write_bytes(data)

    outcome = _outcome(path)

    if isinstance(outcome, PermanentError):
        assert outcome.code.startswith(("image.", "file."))
        assert outcome.message
    else:
        assert outcome.image.mode == "RGB"


SIDES = st.integers(-2, 40) | st.sampled_from([2**31 - 1, -(2**31), 65_535, 256])
NUMBERS = st.integers(0, 2**32 - 1)


@st.composite
def bitmap_headers(draw: st.DrawFn) -> bytes:
    """Draw a BMP info header, which follows the file header, with any combination of typical and extreme values."""
    size, bits = draw(st.sampled_from(sorted(INFO_BYTES))), draw(st.sampled_from([0, 1, 2, 4, 8, 16, 24, 32]))
    if size == 12:
        return struct.pack("<L4H", size, draw(SIDES) & 0xFFFF, draw(SIDES) & 0xFFFF, 1, bits)
    compression, used = draw(st.integers(0, 7)), draw(st.sampled_from([0, 1, 2, 256, 2**32 - 1]))
    fields = (size, draw(SIDES), draw(SIDES), 1, bits, compression, 0, 0, 0, used, 0)
    return struct.pack("<LllHHLLllLL4L", *fields, *[draw(NUMBERS) for _ in range(4)])


@pytest.mark.parametrize("is_icon", [False, True])
@settings(max_examples=150, deadline=None, suppress_health_check=SUPPRESSED)
@given(head=bitmap_headers(), body=st.binary(max_size=300), start=st.sampled_from([None, 0, 14, 54, 10**6]))
def test_bitmap_with_any_header_is_read_or_refused(
    is_icon: bool, head: bytes, body: bytes, start: int | None, tmp_path: Path
) -> None:
    data = icon((48, 8, head + body)) if is_icon else bmp(head, body)
    if start is not None:
        data = data[:10] + struct.pack("<L", start) + data[14:]
    path = tmp_path / "file"
    path.write_bytes(data)

    outcome = _outcome(path)

    assert isinstance(outcome, Picture) or outcome.code.startswith(("image.", "file."))


@settings(max_examples=50, deadline=None)
@given(
    tags=st.dictionaries(
        st.sampled_from([0x010F, 0x0110, 0x0132, 0x013B]),
        st.one_of(
            st.text("Aä\x00\ud800 9:"), st.binary(), st.integers(), st.floats(), st.tuples(st.integers(), st.floats())
        ),
    )
)
def test_exif_values_never_raise(tags: dict[int, object]) -> None:
    assert "\x00" not in interpret_tags(tags, tags).camera


@settings(max_examples=50, deadline=None)
@given(head=st.binary(max_size=600))
def test_file_heads_never_raise(head: bytes) -> None:
    sniff(head)

    assert name_type(head)


STARTS = [b"", b"\0\0\0\x1cftypheic", b"\0\0\0\x18ftypcrx ", b"II*\0\x08\0\0\0\x04\0", b"MM\0*\0\0\0\x08\0\x04"]
STARTS += [b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n", b"BM", b"\xff\xd8\xff", b"\0\0\0\x40meta\0\0\0\0\0\0\0\x38iprp"]
STARTS += [b"BA", b"\0\0\1\0\1\0"]


@settings(max_examples=300, deadline=None)
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400))
def test_containers_never_raise(start: bytes, rest: bytes) -> None:
    data = start + rest
    file = io.BytesIO(data)

    assert name_type(data)
    assert tiff_type(FileBytes(file)) == tiff_type(data)
    assert TiffTags(data).first_directory_bytes() >= 0
    assert isinstance(interpret_tags(*read_tags(data)), ExifData)
    assert len(list(list_boxes(file, 0, len(data)))) <= len(data)
    colour_codes(file)
    assert 0 <= end_of_data(file, 0) <= len(data)
    assert trailer_start(file, 0, len(data)) is None or len(data) > 8


def _outcome(path: Path) -> Picture | PermanentError:
    try:
        return read_picture(path)
    except PermanentError as refusal:
        return refusal
