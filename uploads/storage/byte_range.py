"""The Range header of RFC 9110, section 14: one range of bytes."""

import re
from dataclasses import dataclass


class RangeError(Exception):
    """The range begins behind the end: answer 416."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end`, both included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.end - self.start + 1


def parse_range(header: str, size: int) -> Span | None:
    """Return the wanted part of a file of `size` bytes; None means all of it.

    Several ranges, other units and nonsense count as no range, as the RFC allows. Raises RangeError.
    """
    match = re.fullmatch(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", header)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        if not size or not int(match[2]):
            raise RangeError
        return Span(max(0, size - int(match[2])), size - 1)
    start = int(match[1])
    end = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < start:
        return None
    if start >= size:
        raise RangeError
    return Span(start, end)
