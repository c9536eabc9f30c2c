"""A view of parts of a file, so that a decoder sees only what it needs to decode the picture."""

import io
from typing import BinaryIO


class FileParts(io.RawIOBase):
    """A read-only file that consists of byte ranges (start, end) of another file, in the given order.

    The other file must be seekable, and reading moves its position. No bytes are copied before they are read.
    """

    def __init__(self, file: BinaryIO, parts: list[tuple[int, int]]) -> None:
        self._file = file
        self._parts = parts
        self._index = self._offset = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        """Read from one part per call, so the buffer may be filled only partly."""
        while self._index < len(self._parts):
            start, end = self._parts[self._index]
            self._file.seek(start + self._offset)
            data = self._file.read(min(len(buffer), end - start - self._offset))
            if data:
                buffer[: len(data)] = data
                self._offset += len(data)
                return len(data)
            self._index, self._offset = self._index + 1, 0
        return 0

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        """Move to `position`, counted from the start, the current position or the end, as `whence` says."""
        if whence == io.SEEK_CUR:
            position += self.tell()
        elif whence == io.SEEK_END:
            position += sum(end - start for start, end in self._parts)
        self._index, self._offset = 0, position
        while self._index < len(self._parts):
            start, end = self._parts[self._index]
            if self._offset < end - start:
                break
            self._index, self._offset = self._index + 1, self._offset - (end - start)
        return position

    def tell(self) -> int:
        return sum(end - start for start, end in self._parts[: self._index]) + self._offset


def open_parts(file: BinaryIO, parts: list[tuple[int, int]]) -> io.BufferedReader:
    """Return a buffered FileParts with adjacent parts joined, so that many small parts cost little."""
    joined: list[tuple[int, int]] = []
    for start, end in parts:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return io.BufferedReader(FileParts(file, joined), buffer_size=1 << 16)
