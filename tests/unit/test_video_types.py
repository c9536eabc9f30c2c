"""Video containers are detected by their first bytes. Stills and sound in the same containers are not videos."""

import pytest

from tests.support.films import film
from uploads.media.sniff import HEAD_BYTES, sniff
from uploads.media.video_types import sniff_video


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = major + bytes(4) + b"".join(compatible)
    return (8 + len(body)).to_bytes(4, "big") + b"ftyp" + body + bytes(64)


@pytest.mark.parametrize(
    ("head", "mime_type"),
    [
        (ftyp(b"isom", b"isom", b"mp41"), "video/mp4"),
        (ftyp(b"XAVC", b"XAVC"), "video/mp4"),
        (ftyp(b"ABCD", b"mp42"), "video/mp4"),
        (ftyp(b"qt  ", b"qt  "), "video/quicktime"),
        (ftyp(b"3gp4", b"3gp4"), "video/3gpp"),
        (ftyp(b"3g2a", b"3g2a"), "video/3gpp2"),
        (ftyp(b"M4A ", b"M4A ", b"mp42", b"isom"), "audio/mp4"),
        (b"OggS\0\x02" + bytes(22) + b"\x80theora\x03\x02", "video/ogg"),
        (b"OggS\0\x02" + bytes(22) + b"\x01vorbis", "audio/ogg"),
        (b"\0\0\0\x08wide\0\0\x10\0mdat", "video/quicktime"),
        (b"\0\0\x10\0moov\0\0\0\x6cmvhd", "video/quicktime"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska", "video/x-matroska"),
        ((b"\x47" + bytes(187)) * 5, "video/mp2t"),
        ((bytes(4) + b"\x47" + bytes(187)) * 5, "video/mp2t"),
    ],
)
def test_container_is_detected(head: bytes, mime_type: str) -> None:
    assert sniff(head) == mime_type


@pytest.mark.parametrize("brand", [b"heic", b"hevc", b"mif1", b"avif", b"avis", b"crx "])
def test_still_in_a_video_container_is_not_a_video(brand: bytes) -> None:
    assert sniff_video(ftyp(brand, brand, b"isom", b"mp41")) is None


@pytest.mark.parametrize("head", [b"G" * 100, b"Go by the old road.\n" * 300, b"#EXTM3U\nhttp://127.0.0.1/a.ts\n"])
def test_text_is_not_a_video(head: bytes) -> None:
    assert sniff(head) == "text/plain"


def test_whole_head_of_a_transport_stream_is_needed_only_for_long_files() -> None:
    data = film("mpegts", codec="mpeg2video", rate=25, frames=50)

    assert sniff(data[:HEAD_BYTES]) == sniff(data[:600]) == "video/mp2t"
