"""Generate ZIP archives that are damaged, unsupported or dangerous to unpack."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.support.archives import zipped


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Return `data` with `value` written `offset` bytes after the start of the last `signature`."""
    at = data.rindex(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def bomb(size: int, names: int = 1) -> bytes:
    """Return an archive whose directory lists one deflated entry of `size` zeros under `names` names."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(size)) + packer.flush()
    crc, body, listing = zlib.crc32(bytes(size)), b"", b""
    for number in range(names):
        name = f"{number:06}.jpg".encode()
        local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(packed), size, len(name), 0) + name
        body = body or local + packed
        fields = (20, 20, 0, 8, 0, 0, crc, len(packed), size, len(name), 0, 0, 0, 0, 0, 0)
        listing += struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, names & 0xFFFF, names & 0xFFFF, len(listing), len(body), 0)
    return body + listing + end


def linked() -> bytes:
    """Return an archive with a symbolic link to a system file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.create_system, link.external_attr = 3, 0xA1FF << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


PHOTO = zipped({"a.jpg": b"a" * 1000})
CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "ZIP without its end": ("archive.truncated", lambda: PHOTO[:-30]),
    "ZIP of several disks": ("archive.split", lambda: patched(PHOTO, b"PK\5\6", 4, b"\1\0")),
    "ZIP with a damaged directory": ("archive.damaged", lambda: patched(PHOTO, b"PK\1\2", 0, rb"PK\9\9")),
    "ZIP with a password": ("archive.encrypted", lambda: patched(PHOTO, b"PK\1\2", 8, b"\1\0")),
    "ZIP with another method": (
        "archive: archive.method",
        lambda: patched(PHOTO, b"PK\1\2", 10, struct.pack("<H", 14)),
    ),
    "ZIP with a wrong checksum": (
        "archive: archive.entry_damaged",
        lambda: patched(PHOTO, b"PK\1\2", 16, b"\0\0\0\0"),
    ),
    "ZIP that unpacks to 20 GB": ("archive.bomb", lambda: bomb(20_000_000, 1000)),
    "ZIP of one entry with 60,000 names": ("archive.bomb", lambda: bomb(100_000, 60_000)),
    "ZIP of 2,000 empty files": ("archive: ignored.empty", lambda: zipped({f"{n}.jpg": b"" for n in range(2000)})),
    "ZIP with a path outside": ("archive: archive.unsafe_path", lambda: zipped({"../../a.jpg": b"a" * 100})),
    "ZIP with a link": ("archive: archive.link", linked),
    "ZIP in a ZIP": ("archive: archive.nested", lambda: zipped({"b.zip": PHOTO})),
}
"""Each value is (expected outcome, function that creates the archive).

The outcome is the error code of the archive, or “archive: ” followed by the error code of the files in it.
"""
