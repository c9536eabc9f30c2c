"""Errors with a stable code, and the three kinds of processing error, which decide whether a file is retried."""

from uploads.error_codes import english_message


class CodedError(Exception):
    """Base class of every error that is shown to users or sent to programs.

    `code` is stable and machine-readable (`image.truncated`); `message` says what happened and what to do, in plain
    words, and never contains a path.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ProcessingError(CodedError):
    """A file could not be processed. Raise one of the subclasses.

    Analyzers that define their own codes pass a message. All other messages are in `uploads.error_codes`; `details` are
    the values to insert into them.
    """

    def __init__(self, code: str, message: str | None = None, **details: object) -> None:
        super().__init__(code, english_message(code, **details) if message is None else message)


class PermanentError(ProcessingError):
    """The file itself is at fault (corrupt, unsupported, too large), so a retry cannot help."""


class TransientError(ProcessingError):
    """An analyzer returned an unusable result or failed for this file only. The file is retried once.

    If the retry also fails, the file fails with the code and message of the last error.
    """


class EnvironmentalError(ProcessingError):
    """Something other than the file is unavailable (model server, storage, disk). The file waits instead of failing."""
