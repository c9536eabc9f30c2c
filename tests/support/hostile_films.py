"""Generate videos that cost a naive player minutes of time or gigabytes of memory, or make it open other files."""

import random
import struct
from collections.abc import Callable

from PIL import Image

from tests.support.films import film

LISTENER = "http://127.0.0.1:{port}/next.mp4"


def box(kind: bytes, *content: bytes) -> bytes:
    """Return an MP4 box."""
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def element(number: bytes, body: bytes) -> bytes:
    """Return a Matroska element."""
    return number + struct.pack(">Q", 1 << 56 | len(body)) + body


FTYP = box(b"ftyp", b"isom", bytes(4), b"isommp42")
_EBML = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))


def patched(kind: bytes, offset: int, value: int) -> bytes:
    """Return an MP4 whose first `kind` box has the 32-bit number `value` at `offset` in its content."""
    data = bytearray(film(frames=3))
    start = data.index(kind) + 4 + offset
    data[start : start + 4] = struct.pack(">I", value)
    return bytes(data)


def external_data(port: int) -> bytes:
    """Return a MOV whose data reference is a URL instead of the file itself."""
    data = film("mov", codec="mjpeg")
    start = data.index(b"dref") - 4
    old = int.from_bytes(data[start : start + 4], "big")
    address = LISTENER.format(port=port).encode() + b"\0"
    new = box(b"dref", bytes(4), struct.pack(">I", 1), box(b"url ", bytes(4), address))
    return _resized(data, start, old, new, (b"dinf", b"minf", b"mdia", b"trak", b"moov"))


def _resized(data: bytes, start: int, old: int, new: bytes, parents: tuple[bytes, ...]) -> bytes:
    """Replace `old` bytes at `start` with `new`, and correct the sizes of the enclosing boxes `parents`."""
    changed = bytearray(data[:start] + new + data[start + old :])
    for parent in parents:
        place = data.rindex(parent, 0, start) - 4
        size = int.from_bytes(data[place : place + 4], "big") + len(new) - old
        changed[place : place + 4] = struct.pack(">I", size)
    return bytes(changed)


def reference_movie(port: int) -> bytes:
    """Return a MOV that only refers to another URL (QuickTime's rmra)."""
    address = LISTENER.format(port=port).encode() + b"\0"
    reference = box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(address)), address)
    return box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + box(b"moov", box(b"rmra", box(b"rmda", reference)))


def many_traks(count: int) -> bytes:
    """Return an MP4 with `count` empty tracks."""
    return FTYP + box(b"moov", box(b"trak") * count)


def many_tracks(count: int) -> bytes:
    """Return a Matroska file with `count` video tracks."""
    track = element(b"\xd7", b"\1") + element(b"\x83", b"\1") + element(b"\x86", b"V_VP8")
    tracks = element(b"\x16\x54\xae\x6b", element(b"\xae", track) * count)
    return _EBML + element(b"\x18\x53\x80\x67", tracks)


def nested_boxes(depth: int) -> bytes:
    """Return an MP4 with boxes nested `depth` levels deep."""
    inner = b""
    for _ in range(depth):
        inner = box(b"udta", inner)
    return FTYP + box(b"moov", inner)


def noise_packets(count: int) -> bytes:
    """Return a transport stream of `count` random packets."""
    noise = random.Random(1)
    return b"".join(b"\x47" + noise.randbytes(187) for _ in range(count))


def voids(count: int) -> bytes:
    """Return a Matroska file of `count` empty elements."""
    return _EBML + element(b"\x18\x53\x80\x67", element(b"\xec", b"") * count)


def large_frames(side: int) -> bytes:
    """Return a MOV with one PNG frame that claims `side` pixels on each side."""
    data = film("mov", codec="png", frames=1, pictures=(Image.new("RGB", (16, 16)),), pixel_format="rgb24")
    return data.replace(struct.pack(">HH", 16, 16), struct.pack(">HH", side, side)).replace(
        struct.pack(">II", 16, 16), struct.pack(">II", side, side)
    )


CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "file.empty"),
    "playlist": (lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1/a.ts\n", "file.unsupported"),
    "list of files": (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", "file.unsupported"),
    "only a type": (lambda: FTYP, "video.corrupt"),
    "no tracks": (lambda: FTYP + box(b"moov"), "video.no_picture"),
    "1,000,000 tracks": (lambda: many_traks(1_000_000), "image.complex"),
    "200,000 Matroska tracks": (lambda: many_tracks(200_000), "video.corrupt"),
    "10,000 nested boxes": (lambda: nested_boxes(10_000), "video.corrupt"),
    "4,294,967,295 sizes": (lambda: patched(b"stsz", 8, 0xFFFFFFFF), ""),
    "268,435,455 times": (lambda: patched(b"stts", 4, 0x0FFFFFFF), ""),
    "4,294,967,295 chunks": (lambda: patched(b"stco", 4, 0xFFFFFFFF), ""),
    "negative duration": (lambda: patched(b"mvhd", 16, 0xFFFFFFFF), ""),
    "50,000 noise packets": (lambda: noise_packets(50_000), "video.corrupt"),
    "1,000,000 voids": (lambda: voids(1_000_000), "video.corrupt"),
    "65,535 pixels wide": (lambda: large_frames(65_535), "video.corrupt"),
    "9,000 pixels wide": (lambda: large_frames(9_000), "image.bomb"),
}
"""Each value is (function that generates the video, expected error code or "" if reading may also succeed)."""
