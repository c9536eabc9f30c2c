import pytest
from PIL import Image

from tests.support.images import encoded
from uploads.media.formats import PICTURES, SUPPORTED
from uploads.media.sniff import name_type, sniff


@pytest.mark.parametrize(
    ("kind", "mime_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
def test_supported_type_is_detected(kind: str, mime_type: str) -> None:
    head = encoded(Image.new("RGB", (8, 8)), kind)

    assert sniff(head) == mime_type
    assert mime_type in SUPPORTED


def test_animated_png_counts_as_png() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    head = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])

    assert sniff(head) == "image/png"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF documents"),
        ("Liebe Grüße aus Łódź".encode(), "Text files"),
        (b"<!DOCTYPE html><title>Sign in</title>", "Web pages"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawings"),
        (b"PK\x03\x04" + bytes(40), "ZIP archives"),
        (b"FLV\1\5\0\0\0\x09", "Videos of type video/x-flv"),
        (b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00mp42isom", "Audio files of type audio/mp4"),
        (bytes(range(1, 200)), "an unrecognized type"),
    ],
)
def test_unsupported_type_has_a_name(head: bytes, name: str) -> None:
    assert sniff(head) not in SUPPORTED
    assert name in name_type(head)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"II*\0\x10\0\0\0CR\2\0", "Canon raw photos (CR2)"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "Canon raw photos (CR3)"),
        (b"II\x1a\0\0\0HEAPCCDR", "Canon raw photos (CRW)"),
        (b"FUJIFILMCCD-RAW 0201", "Fujifilm raw photos (RAF)"),
        (b"IIRO\x08\0\0\0", "Olympus raw photos (ORF)"),
        (b"IIU\0\x18\0\0\0", "Panasonic raw photos (RW2)"),
        (b"\0MRM\0\0\1\0", "Minolta raw photos (MRW)"),
        (b"FOVb\0\0\2\0", "Sigma raw photos (X3F)"),
        (b"\0\0\1\0\1\0" + bytes(12) + b"\x16", "Icons"),
        (b"\0\0\2\0\1\0" + bytes(12) + b"\x16", "Icons"),
    ],
)
def test_supported_picture_has_a_name(head: bytes, name: str) -> None:
    head = head.ljust(22, b"\0")

    assert sniff(head) in PICTURES
    assert name_type(head) == name


def test_text_may_end_inside_a_character() -> None:
    assert sniff("naïve".encode()[:3]) == "text/plain"
