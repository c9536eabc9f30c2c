"""Apple's maker note identifies the live photo or burst that a picture belongs to."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from uploads.media.exif import read_apple_note, read_exif

IDENTIFIER = b"0F5C7B84-38C1-4B9D-9E6B-6A2C3C1A7E11\0"
NOTE = (
    b"Apple iOS\0\0\x01MM\0\x02"
    + struct.pack(">HHLL", 0x000B, 2, 4, 0x42_55_52_00)
    + struct.pack(">HHLL", 0x0011, 2, len(IDENTIFIER), 16 + 24 + 4)
    + bytes(4)
    + IDENTIFIER
)


def test_identifiers_are_read() -> None:
    assert read_apple_note(NOTE) == {"burst_id": "BUR", "content_identifier": IDENTIFIER[:-1].decode()}


def test_identifiers_are_in_the_metadata_of_a_picture() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = NOTE

    assert read_exif(exif.tobytes()).details["content_identifier"] == IDENTIFIER[:-1].decode()


@given(note=st.binary(max_size=80), cut=st.integers(0, len(NOTE)))
def test_any_note_is_accepted(note: bytes, cut: int) -> None:
    for data in (note, NOTE[:cut] + note, b"Apple iOS\0\0\x01MM" + note):
        assert set(read_apple_note(data)) <= {"burst_id", "content_identifier"}
    assert read_apple_note(None) == {}
