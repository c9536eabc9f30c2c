"""Find the chunks of a PNG that are needed for its picture (PNG third edition, section 11), within fixed limits.

A decoder gets only these chunks. It does not get unknown chunks or text, so damage in them does not matter, and text
cannot fill the memory by decompressing to a thousand times its size.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, cast

from uploads.media.colour import Chromaticities, ColourSpace, coded_space, gamma_space
from uploads.media.limits import too_complex

MAX_CHUNKS = 1_000_000
MAX_UNPACKED_BYTES = 1024 * 1024
"""Maximum size to which compressed text is unpacked. Longer text is ignored."""
MAX_PROFILE_BYTES = 4 * 1024 * 1024
"""Maximum size of the content of an interpreted chunk, and of an unpacked colour profile. Larger ones are ignored."""

_SIGNATURE_BYTES = 8
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_INTERPRETED = frozenset(
    {b"IHDR", b"acTL", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"cICP", b"sRGB", b"gAMA", b"cHRM"}
)
_RAW_EXIF, _XMP = b"Raw profile type exif", b"XML:com.adobe.xmp"
# Pillow uses 1 byte per pixel for grey and palettes, 2 bytes for 16-bit grey, and otherwise 4.
_ONE_BYTE_TYPES = frozenset({0, 3})


@dataclass(slots=True)
class PngStructure:
    """The header and metadata of a PNG. Without a valid header chunk, the width and height are 0.

    `pixel_bytes` is the memory that a decoder needs for each pixel. `profile` is the ICC profile. `codes` are the codes
    of the primaries and of the transfer characteristics. `exif_is_text` means that a text chunk contains the EXIF data.
    """

    width: int = 0
    height: int = 0
    pixel_bytes: int = 4
    frames: int = 1
    exif: bytes = b""
    exif_is_text: bool = False
    xmp: bytes = b""
    profile: bytes = b""
    codes: tuple[int, int] | None = None
    is_srgb: bool = False
    gamma: float = 0
    primaries: Chromaticities | None = None

    def colour_space(self) -> ColourSpace | None:
        """Return the colour space, or None if it is sRGB, unknown, or defined by the profile (PNG, section 4.3)."""
        if self.codes is not None:
            return coded_space(*self.codes)
        if self.profile or self.is_srgb or not self.gamma:
            return None
        return gamma_space(self.gamma, self.primaries)


def read_structure(file: BinaryIO) -> tuple[PngStructure, list[tuple[int, int]]]:
    """Return the structure of a PNG, and the byte ranges that a decoder needs. Moves the position of `file`.

    Raises PermanentError `image.complex` if there are too many chunks.
    """
    structure, parts = PngStructure(), [(0, _SIGNATURE_BYTES)]
    position = _SIGNATURE_BYTES
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        end = position + 12 + length
        if name in _CRITICAL or (name == b"tRNS" and _content(file, length)):
            parts.append((position, end))
        if name in _INTERPRETED:
            file.seek(position + 8)
            _interpret(structure, name, _content(file, length))
        if name in (b"IEND", b""):
            return structure, parts
        position = end
    raise too_complex(f"more than {MAX_CHUNKS:,} chunks")


def _interpret(structure: PngStructure, name: bytes, content: bytes) -> None:
    if name == b"IHDR" and len(content) >= 13:
        structure.width, structure.height, depth, colour = struct.unpack_from(">IIBB", content)
        structure.pixel_bytes = (1 if depth <= 8 else 2) if colour in _ONE_BYTE_TYPES else 4
    elif name == b"acTL" and len(content) >= 4:
        structure.frames = max(1, int.from_bytes(content[:4], "big"))
    elif name == b"eXIf":
        structure.exif, structure.exif_is_text = content, False
    elif name in (b"tEXt", b"zTXt", b"iTXt"):
        _interpret_text(structure, name, content)
    else:
        _interpret_colour(structure, name, content)


def _interpret_text(structure: PngStructure, name: bytes, content: bytes) -> None:
    if content.startswith(_RAW_EXIF + b"\0") and not structure.exif:
        structure.exif, structure.exif_is_text = _raw_profile(_text(name, content)), True
    elif content.startswith(_XMP + b"\0"):
        structure.xmp = _text(name, content)


def _interpret_colour(structure: PngStructure, name: bytes, content: bytes) -> None:
    if name == b"iCCP":
        structure.profile = structure.profile or _unpacked_profile(content)
    elif name == b"cICP" and len(content) == 4:
        structure.codes = content[0], content[1]
    elif name == b"sRGB":
        structure.is_srgb = bool(content)
    elif name == b"gAMA" and len(content) == 4 and any(content):
        structure.gamma = 100_000 / int.from_bytes(content, "big")
    elif name == b"cHRM" and len(content) == 32:
        white_x, white_y, *others = (value / 100_000 for value in struct.unpack(">8I", content))
        structure.primaries = cast(Chromaticities, (*others, white_x, white_y))


def _content(file: BinaryIO, length: int) -> bytes:
    """Return the chunk's content, which starts at the file's position, or b"" if it is too large or damaged."""
    if length > MAX_PROFILE_BYTES:
        return b""
    file.seek(-4, 1)
    data = file.read(length + 8)
    return data[4:-4] if zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "big") else b""


def _unpacked_profile(content: bytes) -> bytes:
    _name, _, packed = content.partition(b"\0")
    return _unpack(packed[1:], MAX_PROFILE_BYTES)


def _text(name: bytes, content: bytes) -> bytes:
    """Return the text of a tEXt, zTXt or iTXt chunk, or b"" if it cannot be decompressed or is then too long."""
    _keyword, _, rest = content.partition(b"\0")
    if name == b"tEXt":
        return rest
    if name == b"zTXt":
        return _unpack(rest[1:])
    text = rest[2:].split(b"\0", 2)[-1]
    return _unpack(text) if rest[:1] == b"\1" else text


def _unpack(packed: bytes, most: int = MAX_UNPACKED_BYTES) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, most)
    except zlib.error:
        return b""
    return data if unpacker.eof else b""


def _raw_profile(text: bytes) -> bytes:
    """Return the EXIF data that ImageMagick writes as hexadecimal digits, preceded by three lines."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""
