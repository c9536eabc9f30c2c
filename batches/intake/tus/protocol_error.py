"""Errors of the endpoint and their HTTP statuses."""

from batches.engine.refusals import BatchClosed
from batches.models.error_codes import default_message
from uploads.errors import CodedError


class TusError(CodedError):
    """An unsuccessful response: HTTP status, stable code and message.

    `expires` is set if the upload can be continued: when it expires, in seconds since 1970.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status
        self.expires: float | None = None

    @property
    def body(self) -> bytes:
        """The response text: the code, a colon, the message."""
        return f"{self.code}: {self.message}".encode()


def not_found() -> TusError:
    """No such upload for this user. Uploads of other owners are not distinguished from missing ones."""
    return TusError(404, "upload.unknown", "You have no such upload. Add the file again.")


def busy() -> TusError:
    """Another request has locked the partial file."""
    return TusError(423, "upload.busy", "Another request is writing this file. Try again in a moment.")


def closed(error: BatchClosed) -> TusError:
    """The batch accepts no more files."""
    return TusError(410, error.code, error.message)


def expired() -> TusError:
    """The partial file was removed or no longer counts."""
    return TusError(410, "upload.expired", default_message("upload.expired"))
