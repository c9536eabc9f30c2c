"""Errors raised when the engine refuses a command."""

from batches.models.error_codes import refusal_message
from uploads.errors import CodedError


class Refused(CodedError):
    """The current state does not allow the command. The message is in the user's language.

    `details` are the values to insert into the message, which is defined in `batches/models/error_codes.py`.
    """

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code, refusal_message(code, **details))


class BatchClosed(Refused):
    """The batch accepts no more files, because it was cancelled or deleted, or never existed."""

    def __init__(self) -> None:
        super().__init__("batch.cancelled")


class FileRefused(Refused):
    """The batch does not accept this file.

    A limit is reached (`batch.full`, `files.too_many_open`, `quota.exceeded`, `rate.exceeded`), or the batch is a
    re-analysis (`batch.reanalysis`).
    """


class ReanalysisRunning(Refused):
    """Another live batch already re-analyses the same batch or library, or reads the library's text."""

    def __init__(self) -> None:
        super().__init__("batch.reanalysis_running")
