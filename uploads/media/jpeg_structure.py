"""Read the structure of a JPEG (ITU-T T.81, annex B) without decoding it. Reject JPEGs that take too long to decode."""

import re
import struct
from collections import Counter
from dataclasses import dataclass
from typing import BinaryIO

from uploads.media.integrity import IncompleteError
from uploads.media.jpeg_end import end_before_samsung_trailer, end_of_data, marked_end, trailer_start
from uploads.media.limits import too_complex

MAX_SEGMENTS = 4096
MAX_JUNK_BYTES = 64 * 1024
"""Maximum total of bytes between segments: padding and junk from faulty programs. Decoders skip them one by one."""
MAX_SCANS = 100
"""Maximum number of scans. Encoders write 10 to 20."""
MAX_SCANNED_PIXELS = 1_500_000_000
"""Maximum product of pixels and scans. Decoders visit all pixels in each scan, even if the scan is empty."""

_BLOCK = 64 * 1024
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Scans, tables, numbers of lines, restart intervals, arithmetic conditioning, comments and application segments.
_BETWEEN_SCANS = frozenset({0xC4, 0xCC, _START_OF_SCAN, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_APP0, _APP1, _APP15, _COMMENT = 0xE0, 0xE1, 0xEF, 0xFE
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
# The application segments that a decoder needs, with the maximum number of each. Colour profiles have up to 255.
_NEEDED = {0xE0: (b"JFIF\0", 1), 0xE2: (b"ICC_PROFILE\0", 255), 0xEE: (b"Adobe", 1)}
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE_FRAMES = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xDA)})
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# FF 00 and the restarts FF D0 to FF D7 belong to the scan.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


@dataclass(frozen=True, slots=True)
class JpegStructure:
    """The structure of a JPEG.

    `sampling` is the product of the horizontal and vertical sampling factors, for each component. `buffered` means that
    a decoder must keep all coefficients in memory, because the file has several scans. `parts` are the byte ranges that
    a decoder needs, up to the end of the image data. `terminated` means that they include an end marker. `known_end`
    means that the end of the image data is certain. `exif` and `xmp` are the contents of the first segments of these
    types.
    """

    width: int
    height: int
    sampling: tuple[int, ...]
    buffered: bool
    terminated: bool
    known_end: bool
    parts: list[tuple[int, int]]
    exif: bytes
    xmp: bytes

    def coefficient_bytes(self) -> float:
        """Return the memory per pixel, in bytes, for the coefficients that a decoder must keep."""
        return 2 * sum(self.sampling) / max(self.sampling, default=1) if self.buffered else 0


def read_structure(file: BinaryIO, *, search: bool = True) -> JpegStructure:
    """Return the structure of a JPEG. The end of the scans is found without decoding them.

    This search takes a tenth of the decoding time. If `search` is false and the file ends with an end marker, a single
    scan is assumed to end there. Moves the position of `file`. Raises IncompleteError if there is no image data,
    ValueError if there is no frame header, and PermanentError `image.complex` if a limit above is exceeded.
    """
    return _Reader(file, search).read()


class _Reader:
    def __init__(self, file: BinaryIO, search: bool) -> None:
        self._file, self._search = file, search
        self._position, self._limit = 2, 0
        self._segments = self._junk = 0
        self._exif = self._xmp = b""
        self._kept: Counter[int] = Counter()

    def read(self) -> JpegStructure:
        frame, parts = (0, b""), [(0, 2)]
        while (marker := self._next_marker()) != _START_OF_SCAN:
            start = self._position - 2
            body = self._segment(marker)
            if marker in _FRAMES and not frame[0]:
                frame = (marker, body)
            if self._is_needed(marker, body):
                parts.append((start, self._position))
        scan_start = self._position - 2
        scan = self._segment(marker)
        height, width, sampling = _parse_frame(frame[1])
        buffered = frame[0] in _PROGRESSIVE_FRAMES or scan[:1] != frame[1][5:6]
        terminated = self._skip_scans(width * height if buffered else None)
        end, known = (self._position, True) if terminated else self._find_end(scan_start)
        parts.append((scan_start, end))
        return JpegStructure(width, height, sampling, buffered, terminated, known, parts, self._exif, self._xmp)

    def _find_end(self, scan_start: int) -> tuple[int, bool]:
        """Return the end of image data without an end marker, and whether that end is certain."""
        stop, end = self._position, end_of_data(self._file, scan_start)
        trailer = trailer_start(self._file, scan_start, end)
        if trailer is not None:
            return trailer, True
        return min(stop, end), False

    def _is_needed(self, marker: int, body: bytes) -> bool:
        """Return whether the decoder needs this segment. Remember EXIF data and XMP, which it does not need."""
        if marker == _APP1 and body.startswith(_EXIF):
            self._exif = self._exif or body
        elif marker == _APP1 and body.startswith(_XMP):
            self._xmp = self._xmp or body
        if not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            return True
        name, most = _NEEDED.get(marker, (b"", 0))
        self._kept[marker] += body.startswith(name)
        return body.startswith(name) and self._kept[marker] <= most

    def _next_marker(self) -> int:
        self._file.seek(self._position)
        start = self._file.read(2)
        if len(start) == 2 and start[0] == 0xFF and start[1] not in (0x00, 0xFF):
            self._position += 2
            return start[1]
        junk = start + self._file.read(MAX_JUNK_BYTES)
        found = _MARKER.search(junk)
        self._junk += found.start() if found else len(junk)
        if self._junk > MAX_JUNK_BYTES:
            raise too_complex(f"more than {MAX_JUNK_BYTES:,} bytes between its segments")
        if found is None:
            raise IncompleteError("truncated: no image data")
        self._position += found.end()
        return found[0][1]

    def _segment(self, marker: int) -> bytes:
        """Move past a marker's segment and return its content."""
        self._segments += 1
        if self._segments > MAX_SEGMENTS:
            raise too_complex(f"more than {MAX_SEGMENTS:,} segments")
        if marker in _WITHOUT_LENGTH:
            return b""
        self._file.seek(self._position)
        length = max(2, int.from_bytes(self._file.read(2), "big"))
        body = self._file.read(length - 2)
        if len(body) < length - 2:
            raise IncompleteError("truncated: no image data")
        self._position += length
        return body

    def _skip_scans(self, pixels: int | None) -> bool:
        """Move past the scans and their end marker; return whether there is one.

        `pixels` is the number of pixels if there are several scans, otherwise None.
        """
        if pixels is None and not self._search and (end := marked_end(self._file, self._position)) is not None:
            self._position = end
            return True
        scans, self._limit = 1, end_before_samsung_trailer(self._file)
        while (marker := self._next_marker_in_scan()) != _END_OF_IMAGE:
            if marker is None or pixels is None or marker not in _BETWEEN_SCANS or not self._skip_segment(marker):
                self._position -= 2 if marker else 0
                return False
            scans += marker == _START_OF_SCAN
            if scans > MAX_SCANS or scans * pixels > MAX_SCANNED_PIXELS:
                raise too_complex(f"{scans} or more scans of {pixels / 1e6:.1f} megapixels")
        return True

    def _skip_segment(self, marker: int) -> bool:
        """Move past a segment. If the bytes are not a segment, return False and do not move."""
        position = self._position
        try:
            body = self._segment(marker)
        except IncompleteError:
            return False
        if marker != _START_OF_SCAN or (body and body[0] <= 4 and len(body) == 4 + 2 * body[0]):
            return True
        self._position = position
        return False

    def _next_marker_in_scan(self) -> int | None:
        """Return the marker that ends the scan, or None at the end of the file or of the part to read."""
        self._file.seek(self._position)
        last = b""
        while block := self._file.read(min(_BLOCK, max(0, self._limit - self._position))):
            found = _MARKER_IN_SCAN.search(last + block)
            if found:
                self._position += found.end() - len(last)
                return found[0][1]
            self._position += len(block)
            last = block[-1:]
        return None


def _parse_frame(body: bytes) -> tuple[int, int, tuple[int, ...]]:
    """Return the height, width and sampling from a frame header without its length field."""
    if len(body) < 9:
        raise ValueError("no frame header")
    _precision, height, width, count = struct.unpack_from(">BHHB", body)
    factors = [body[offset] for offset in range(7, min(len(body), 6 + 3 * count), 3)]
    return height, width, tuple((factor >> 4) * (factor & 15) for factor in factors)
