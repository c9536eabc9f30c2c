"""One PATCH: bytes go to the end of a part, never beyond the announced length. Pure but for the part's file."""

from batches.intake.parts import Part
from batches.intake.tus.errors import TusError
from batches.intake.tus.headers import Patch


class Reception:
    """Appends the pieces of one request to a part that the caller holds locked.

    What arrived before a cut stays. A body that is longer than the file leaves the part as this request found it.
    Raises TusError 409 when the client is wrong about the offset, 413 when it declares more than is missing.
    """

    def __init__(self, part: Part, length: int, patch: Patch) -> None:
        if patch.offset != part.size:
            raise TusError(409, "tus.offset", f"The file stands at {part.size} bytes. Go on from there.")
        if patch.declared is not None and patch.declared > length - part.size:
            raise _too_long(length)
        self.part = part
        self._length = length
        self._start = part.size

    def add(self, data: bytes) -> None:
        """Write the next piece. Raises TusError 413, OSError."""
        if self.part.size + len(data) > self._length:
            self.part.truncate(self._start)
            raise _too_long(self._length)
        self.part.append(data)

    @property
    def complete(self) -> bool:
        """Whether all announced bytes are here."""
        return self.part.size == self._length


def _too_long(length: int) -> TusError:
    return TusError(413, "tus.too_long", f"The file was announced with {length} bytes; this would be more.")
