"""Append one request's body to a partial file, but never beyond the file's announced length."""

from collections.abc import Callable

from batches.intake.partial_file import PartialFile
from batches.intake.tus.headers import Patch
from batches.intake.tus.protocol_error import TusError
from uploads.media.sniff import HEAD_BYTES


class BodyWriter:
    """Appends the pieces of one body to a partial file that the caller has locked; `close` releases the lock.

    If the client disconnects, the bytes received so far are kept. With a checksum, they are dropped instead, because an
    incomplete body cannot be verified. If a body exceeds the announced length or fails its checksum, the partial file
    is rolled back to its size before the request. Even if the process is killed, unverified bytes never become part of
    the file. The constructor raises TusError 409 for a wrong offset, and 413 if a body of the declared length would
    extend beyond the announced end of the file.

    `check_content` is called once, as soon as HEAD_BYTES have arrived, unless the file is already complete; it may
    raise an error. The content of a body with a checksum is checked only after the checksum is verified.
    `record_activity` is called for each piece, because one body may take minutes on a slow connection.
    """

    def __init__(
        self,
        partial: PartialFile,
        length: int,
        patch: Patch,
        check_content: Callable[[PartialFile], None] | None = None,
        record_activity: Callable[[], None] | None = None,
    ) -> None:
        if patch.offset != partial.size and not (patch.overlap and patch.offset < partial.size):
            raise TusError(409, "tus.offset", offset=partial.size)
        if patch.declared is not None and patch.declared > length - patch.offset:
            raise TusError(413, "tus.too_long")
        self.partial = partial
        missing = length - partial.size
        self.expected = missing if patch.declared is None else min(missing, patch.declared)
        self._length = length
        self._overlap = partial.size - patch.offset
        self._checksum = patch.checksum
        self._hash = patch.checksum.begin() if patch.checksum else None
        self._start = partial.checkpoint()
        self._check_content = check_content
        self._record_activity = record_activity
        self._verified = patch.checksum is None
        if not self._verified:
            partial.mark_unverified()

    def add(self, data: bytes | bytearray) -> None:
        """Write the next piece. Raises OSError, TusError 413, and what `check_content` raises."""
        if self._record_activity is not None:
            self._record_activity()
        if self._hash is not None:
            self._hash.update(data)
        new = memoryview(data)[self._overlap :]
        self._overlap = max(0, self._overlap - len(data))
        if self.partial.size + len(new) > self._length:
            self.partial.roll_back(self._start)
            self._verified = True
            raise TusError(413, "tus.too_long")
        self.partial.append(new)
        if self._verified:
            self._check_once()

    def end(self) -> None:
        """Verify the checksum once the whole body has arrived. Raises TusError 460, and what `check_content` raises."""
        if self._checksum is None:
            return
        self._checksum.check(self._hash)
        self._verified = True
        self.partial.mark_verified()
        self._check_once()

    def _check_once(self) -> None:
        if self._check_content is not None and HEAD_BYTES <= self.partial.size < self._length:
            check_content, self._check_content = self._check_content, None
            check_content(self.partial)

    def close(self) -> None:
        """Remove this request's unverified bytes and release the lock."""
        try:
            if not self._verified:
                self.partial.roll_back(self._start)
        finally:
            self.partial.close()

    @property
    def complete(self) -> bool:
        """Whether all bytes of the file have arrived."""
        return self.partial.size == self._length
