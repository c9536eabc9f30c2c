"""Parse a Range header (RFC 9110, section 14) that requests a single range of bytes."""

import re
from dataclasses import dataclass


class RangeError(Exception):
    """The range contains no byte of the file; the response must have status 416."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` to `end`, both inclusive."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start + 1


def parse_range(header: str, size: int) -> ByteRange | None:
    """Return the requested range of a file of `size` bytes, or None for the whole file.

    A header with several ranges, another unit or an invalid value is ignored, as the RFC allows. Raises RangeError.
    """
    match = re.fullmatch(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", header)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        if not size or not int(match[2]):
            raise RangeError
        return ByteRange(max(0, size - int(match[2])), size - 1)
    start = int(match[1])
    end = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < start:
        return None
    if start >= size:
        raise RangeError
    return ByteRange(start, end)
