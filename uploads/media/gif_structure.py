"""Find the first frame of a GIF without decoding it, and count the frames (GIF89a, section 15 onwards).

The decoder gets only the first frame. Pillow would concatenate comment blocks one by one, which takes quadratic time,
and would skip unknown bytes one by one.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from uploads.media.limits import too_complex

PIXEL_BYTES = 2
"""Memory per pixel, in bytes: one for the colour index, and one for the frame's disposal."""
MAX_COMMENT_BYTES = 256 * 1024
MAX_EXTENSIONS = 10_000
"""Maximum number of extensions before the first frame."""
MAX_BLOCKS = 2_000_000
"""The maximum number of data blocks in which frames are counted; a GIF of 500 MB has about this many."""

_EXTENSION, _IMAGE = b"!", b","
_COMMENT_LABEL, _CONTROL_LABEL = b"\xfe", b"\xf9"
_HEADER_BYTES, _DESCRIPTOR_BYTES = 13, 9
_PALETTE_FLAG = 0x80


@dataclass(frozen=True, slots=True)
class GifStructure:
    """The structure of a GIF.

    `width` and `height` are large enough for the first frame, even if it is larger than the logical screen. `frames` is
    counted up to the first damaged block or up to MAX_BLOCKS. `parts` are the byte ranges of the header, of the first
    frame's control extension and of the first frame.
    """

    width: int
    height: int
    frames: int
    parts: list[tuple[int, int]]


def read_structure(file: BinaryIO) -> GifStructure:
    """Return the structure of a GIF. Moves the position of `file`.

    Raises PermanentError `image.complex` if the comments are too long or there are too many extensions, and
    struct.error if the header is incomplete.
    """
    return _Reader(file).read()


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frames = self._extensions = self._comment_bytes = self._blocks = 0
        self._control = self._frame = (0, 0)
        self._size = (0, 0)

    def read(self) -> GifStructure:
        self._file.seek(0)
        screen = self._file.read(_HEADER_BYTES)
        width, height = struct.unpack("<HH", screen[6:10])
        self._size = (width, height)
        self._skip_palette(screen[10:11])
        header = (0, self._file.tell())
        while self._blocks < MAX_BLOCKS:
            start = self._file.tell()
            kind = self._file.read(1)
            if kind == _EXTENSION:
                self._skip_extension(start)
            elif kind == _IMAGE:
                self._skip_image(start)
            elif kind != b"\0":  # the end of the file, or damaged data
                break
        return GifStructure(*self._size, self._frames, [header, self._control, self._frame])

    def _skip_image(self, start: int) -> None:
        descriptor = self._file.read(_DESCRIPTOR_BYTES)
        self._skip_palette(descriptor[8:9])
        self._file.read(1)
        self._skip_blocks()
        if not self._frames and len(descriptor) == _DESCRIPTOR_BYTES:
            self._frame = (start, self._file.tell())
            left, top, width, height = struct.unpack_from("<4H", descriptor)
            self._size = (max(self._size[0], left + width), max(self._size[1], top + height))
        self._frames += 1

    def _skip_extension(self, start: int) -> None:
        label = self._file.read(1)
        size = self._skip_blocks()
        self._extensions += 0 if self._frames else 1
        self._comment_bytes += size if label == _COMMENT_LABEL else 0
        if self._comment_bytes > MAX_COMMENT_BYTES:
            raise too_complex(f"comments of more than {MAX_COMMENT_BYTES // 1024} KiB")
        if self._extensions > MAX_EXTENSIONS:
            raise too_complex(f"more than {MAX_EXTENSIONS:,} extensions")
        if label == _CONTROL_LABEL and not self._frames:
            self._control = (start, self._file.tell())

    def _skip_palette(self, flags: bytes) -> None:
        if flags and flags[0] & _PALETTE_FLAG:
            self._file.read(3 << (flags[0] & 7) + 1)

    def _skip_blocks(self) -> int:
        """Skip data blocks, including the empty block that ends them. Return their size."""
        total = 0
        while (size := self._file.read(1)) not in (b"", b"\0") and self._blocks < MAX_BLOCKS:
            self._blocks += 1
            total += len(self._file.read(size[0]))
        return total
