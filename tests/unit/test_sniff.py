import pytest
from PIL import Image

from tests.support.images import encoded, textured
from tests.support.raw_files import dng
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
        (b"qoif\0\0\0\x40\0\0\0\x30\4\0", "QOI pictures"),
        (b"\xff\x4f\xff\x51\0\x2f", "JPEG 2000 pictures"),
        (b"P3\n# by a scanner\n2 1\n255\n0 0 0 9 9 9\n", "Netpbm pictures"),
        (b"v/1\x01\2\0\0\0", "OpenEXR pictures"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n", "Radiance HDR pictures"),
        (b"II\xbc\1\x20\0\0\0", "JPEG XR pictures"),
        (b"gimp xcf v011\0", "GIMP files"),
        (b"P1 in the plan is the car park", "Text files"),
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


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("JPEG2000", "JPEG 2000 pictures"),
        ("PPM", "Netpbm pictures"),
        ("TGA", "TGA pictures"),
        ("ICNS", "Apple icons"),
        ("DDS", "DDS textures"),
        ("PCX", "PCX pictures"),
        ("SGI", "SGI pictures"),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_unsupported_picture_of_a_real_encoder_has_a_name(kind: str, name: str, mode: str) -> None:
    head = encoded(textured(64, 64).convert(mode), kind)

    assert sniff(head) not in SUPPORTED
    assert name in name_type(head)


@pytest.mark.parametrize("options", [{}, {"compression": "tga_rle"}])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_tga_of_any_kind_has_a_name(mode: str, options: dict[str, str]) -> None:
    assert sniff(encoded(textured(64, 48).convert(mode), "TGA", **options)) == "image/x-tga"


@pytest.mark.parametrize(
    ("make", "mime_type"),
    [
        (b"Hasselblad\0", "image/x-hasselblad-3fr"),
        (b"EASTMAN KODAK COMPANY\0", "image/x-kodak-kdc"),
        (b"Kodak\0", "image/x-kodak-kdc"),
        (b"Phase One A/S\0", "image/x-phaseone-iiq"),
        (b"Leaf\0", "image/x-leaf-mos"),
        (b"Mamiya-OP Co.,Ltd.\0", "image/x-mamiya-mef"),
        (b"SEIKO EPSON CORP.\0", "image/x-epson-erf"),
    ],
)
@pytest.mark.parametrize("preview", [textured(32, 24), None])
def test_raw_photo_is_told_from_a_tiff_of_the_same_maker(
    make: bytes, mime_type: str, preview: Image.Image | None
) -> None:
    picture = encoded(textured(64, 48), "TIFF", tiffinfo={271: make.decode().rstrip("\0")})

    assert sniff(dng(textured(32, 24), preview=preview, make=make, own_tags=False)) == mime_type
    assert sniff(picture) == "image/tiff"


@pytest.mark.parametrize("start", [b"II*\0\x10\0\0\0IIIITwaR", b"MM\0*\0\0\0\x10MMMMRawT"])
def test_phase_one_photo_is_detected_by_its_mark(start: bytes) -> None:
    assert sniff(start + bytes(60)) == "image/x-phaseone-iiq"


def test_text_may_end_inside_a_character() -> None:
    assert sniff("naïve".encode()[:3]) == "text/plain"
