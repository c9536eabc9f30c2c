"""JPEGs without an end marker are accepted if their image data is complete."""

import struct
from pathlib import Path

import pytest

from tests.support.images import encoded, textured, written
from uploads.errors import PermanentError
from uploads.media.image import read_picture

PICTURE = textured(320, 240)
SCANS = {
    "baseline": encoded(PICTURE, "JPEG")[:-2],
    "progressive": encoded(PICTURE, "JPEG", progressive=True)[:-2],
    "restarts": encoded(PICTURE, "JPEG", restart_marker_rows=1)[:-2],
    "grey": encoded(PICTURE.convert("L"), "JPEG")[:-2],
    "CMYK": encoded(PICTURE.convert("CMYK"), "JPEG")[:-2],
}
SMALL = encoded(textured(64, 48), "JPEG")
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x08mdat" + bytes(range(256)) * 9


def samsung_trailer(*contents: bytes, kind: int = 0x0A30) -> bytes:
    """Return a Samsung trailer: blocks with the `contents`, and their index."""
    blocks = [struct.pack("<HHL", 0, kind, 4) + b"Name" + content for content in contents]
    entries, distance = b"", 0
    for block in reversed(blocks):
        distance += len(block)
        entries = struct.pack("<HHLL", 0, kind, distance, len(block)) + entries
    index = b"SEFH" + struct.pack("<LL", 106, len(blocks)) + entries
    return b"".join(blocks) + index + struct.pack("<L", len(index)) + b"SEFT"


TRAILERS = {
    "nothing": b"",
    "first half of the marker": b"\xff",
    "zeros": bytes(5000),
    "Samsung": samsung_trailer(bytes(range(256)) * 20, b"text"),
    "Samsung with pictures": samsung_trailer(SMALL, SMALL),
    "Samsung with segments": samsung_trailer(b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xff\xc4" * 200),
    "Samsung and zeros": samsung_trailer(FILM) + bytes(3000),
    "film": FILM,
    "picture": SMALL,
    "text": b"made by a phone" * 30,
}


@pytest.mark.parametrize("scans", SCANS)
@pytest.mark.parametrize("trailer", TRAILERS)
def test_complete_scans_are_accepted(scans: str, trailer: str, tmp_path: Path) -> None:
    picture = read_picture(written(tmp_path, SCANS[scans] + TRAILERS[trailer]))

    assert (picture.width, picture.height) == (320, 240)


@pytest.mark.parametrize("scans", SCANS)
@pytest.mark.parametrize("trailer", ["nothing", "zeros", "Samsung", "Samsung with pictures", "film"])
@pytest.mark.parametrize("missing", [1, 3, 20, 5000])
def test_incomplete_scans_are_refused(scans: str, trailer: str, missing: int, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"image\.truncated"):
        read_picture(written(tmp_path, SCANS[scans][:-missing] + TRAILERS[trailer]))


def test_same_picture_is_decoded_with_and_without_end_marker(tmp_path: Path) -> None:
    data = SCANS["baseline"]

    whole, open_ended = (read_picture(written(tmp_path, data + end)) for end in (b"\xff\xd9", TRAILERS["Samsung"]))

    assert whole.image.tobytes() == open_ended.image.tobytes()


def test_damage_in_the_middle_does_not_count_as_a_missing_end(tmp_path: Path) -> None:
    data = bytearray(SCANS["baseline"] + b"\xff\xd9")
    data[len(data) // 2 : len(data) // 2 + 2] = b"\xff\x70"

    with pytest.raises(PermanentError, match=r"image\.corrupt"):
        read_picture(written(tmp_path, bytes(data)))
