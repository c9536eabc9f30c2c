"""The tus endpoint's errors and their HTTP statuses."""

from batches.engine.refusals import BatchClosed
from batches.models.error_codes import default_message
from uploads.errors import CodedError


class TusError(CodedError):
    """An error response with an HTTP status, a stable code and a message, by default the code's own with `details`.

    If the client can resume the upload, `expires` is the time at which the upload expires, in seconds since 1970.
    """

    def __init__(self, status: int, code: str, message: str = "", **details: object) -> None:
        super().__init__(code, message or default_message(code, **details))
        self.status = status
        self.expires: float | None = None

    @property
    def body(self) -> bytes:
        """The response body: the code, a colon and the message."""
        return f"{self.code}: {self.message}".encode()


def not_found() -> TusError:
    """Return the error for an upload that does not exist or belongs to another user; the response is the same."""
    return TusError(404, "upload.unknown")


def busy() -> TusError:
    """Return the error for a partial file that another request has locked."""
    return TusError(423, "upload.busy")


def closed(error: BatchClosed) -> TusError:
    """Return the error for a batch that accepts no more files."""
    return TusError(410, error.code)


def expired() -> TusError:
    """Return the error for an upload whose partial file has expired."""
    return TusError(410, "upload.expired")
