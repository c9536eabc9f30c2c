"""The tus endpoint's errors and their HTTP statuses."""

from batches.engine.refusals import BatchClosed
from batches.intake.disk_space import BUSY, BUSY_SECONDS, disk_error_code, error_status
from batches.intake.owner_limits import RateExceeded
from batches.intake.partial_file import PartialFileBusy
from batches.models.error_codes import default_message
from uploads.errors import CodedError


class TusError(CodedError):
    """An error response with an HTTP status, a stable code and a message.

    The default message is the code's message with `details` inserted. If the client can resume the upload, `expires` is
    when the upload expires, in seconds since 1970. If the client should wait before it tries again, `retry_after` is
    the number of seconds.
    """

    def __init__(self, status: int, code: str, message: str = "", **details: object) -> None:
        super().__init__(code, message or default_message(code, **details))
        self.status = status
        self.expires: float | None = None
        self.retry_after: int | None = None

    @property
    def body(self) -> bytes:
        """The response body: the code, a colon and the message."""
        return f"{self.code}: {self.message}".encode()


def not_found() -> TusError:
    """Return the error for an upload that does not exist or belongs to another user. A client cannot tell which."""
    return TusError(404, "upload.unknown")


def busy() -> TusError:
    """Return the error for a partial file that another request has locked."""
    return TusError(423, "upload.busy")


def refused(error: CodedError | PartialFileBusy) -> TusError:
    """Return the error to send for an exception that a handler raised."""
    if isinstance(error, TusError):
        return error
    if isinstance(error, PartialFileBusy):
        return busy()
    if isinstance(error, RateExceeded):
        response = TusError(429, error.code, error.message)
        response.retry_after = error.retry_after
        return response
    if isinstance(error, BatchClosed):
        return TusError(410, error.code)
    return TusError(413, error.code, error.message)


def disk_error(error: OSError) -> TusError:
    """Return the error for a disk that cannot be used, or for a process that cannot open any more files."""
    code = disk_error_code(error)
    response = TusError(error_status(code), code)
    response.retry_after = BUSY_SECONDS if code == BUSY else None
    return response


def expired() -> TusError:
    """Return the error for an upload whose partial file has expired."""
    return TusError(410, "upload.expired")
