"""What the endpoint answers when it does not do as asked."""

from batches.engine.refusals import BatchClosed
from batches.models.error_codes import default_message
from uploads.errors import CodedError


class TusError(CodedError):
    """An answer other than success: HTTP status, a stable code and words for people.

    `expires` is told where the upload goes on all the same: until when the rest is waited for, in seconds since 1970.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status
        self.expires: float | None = None

    @property
    def body(self) -> bytes:
        """The answer's text: the code, a colon, the words."""
        return f"{self.code}: {self.message}".encode()


def not_found() -> TusError:
    """Nothing there for this caller; what belongs to somebody else is not told apart."""
    return TusError(404, "upload.unknown", "There is no such upload of yours. Begin it again.")


def busy() -> TusError:
    """Another request holds the file."""
    return TusError(423, "upload.busy", "This file is being written by another request. Try again in a moment.")


def closed(error: BatchClosed) -> TusError:
    """The batch takes nothing more."""
    return TusError(410, error.code, error.message)


def expired() -> TusError:
    """What had arrived is gone, or does not count any more."""
    return TusError(410, "upload.expired", default_message("upload.expired"))
