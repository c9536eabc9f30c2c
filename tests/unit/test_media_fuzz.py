import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.images import encoded, textured
from uploads.errors import PermanentError
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


@pytest.mark.parametrize("kind", sorted(FILES))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
