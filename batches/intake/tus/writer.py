"""One body: bytes go to the end of a part, never beyond the announced length. Pure but for the part's file and gate."""

from collections.abc import Callable

from batches.intake.partial_file import PartialFile
from batches.intake.tus.headers import Patch
from batches.intake.tus.protocol_error import TusError
from uploads.media.sniff import HEAD_BYTES


class BodyWriter:
    """Appends the pieces of one request to a part that the caller holds locked, and gives the part back by `close`.

    What arrived before a cut stays, unless a checksum was promised for it, which is then missing. A body that is longer
    than the file or fails its checksum leaves the part as this request found it, also when the process is killed in the
    middle. Raises TusError 409 when the client is wrong about the offset, 413 when it declares more than is missing.

    `gate` is asked once, when enough of a file has come to say what it is and more is still to come; it may raise.
    Bytes that a checksum is promised for are no evidence before it is proven.
    """

    def __init__(
        self, part: PartialFile, length: int, patch: Patch, gate: Callable[[PartialFile], None] | None = None
    ) -> None:
        if patch.offset != part.size and not (patch.overlap and patch.offset < part.size):
            raise TusError(409, "tus.offset", f"The file stands at {part.size} bytes. Go on from there.")
        if patch.declared is not None and patch.declared > length - patch.offset:
            raise _too_long(length)
        self.part = part
        missing = length - part.size
        self.coming = missing if patch.declared is None else min(missing, patch.declared)
        self._length = length
        self._known = part.size - patch.offset
        self._checksum = patch.checksum
        self._running = patch.checksum.begin() if patch.checksum else None
        self._start = part.mark()
        self._gate = gate
        self._sure = patch.checksum is None
        if not self._sure:
            part.doubt()

    def add(self, data: bytes | bytearray) -> None:
        """Write the next piece. Raises TusError 413, OSError."""
        if self._running is not None:
            self._running.update(data)
        fresh = memoryview(data)[self._known :]
        self._known = max(0, self._known - len(data))
        if self.part.size + len(fresh) > self._length:
            self.part.go_back(self._start)
            self._sure = True
            raise _too_long(self._length)
        self.part.append(fresh)
        if self._sure:
            self._pass_gate()

    def end(self) -> None:
        """The body came to its regular end: check what was promised of it. Raises TusError 460."""
        if self._checksum is None:
            return
        self._checksum.check(self._running)
        self._sure = True
        self.part.trust()
        self._pass_gate()

    def _pass_gate(self) -> None:
        if self._gate is not None and HEAD_BYTES <= self.part.size < self._length:
            gate, self._gate = self._gate, None
            gate(self.part)

    def close(self) -> None:
        """Give the part back; bytes that nothing vouches for go first."""
        try:
            if not self._sure:
                self.part.go_back(self._start)
        finally:
            self.part.close()

    @property
    def complete(self) -> bool:
        """Whether all announced bytes are here."""
        return self.part.size == self._length


def _too_long(length: int) -> TusError:
    return TusError(413, "tus.too_long", f"The file was announced with {length} bytes; this would be more.")
