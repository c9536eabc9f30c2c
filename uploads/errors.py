"""Errors with a stable code, and the two kinds of processing error. Any other exception is retried once."""


class CodedError(Exception):
    """Base class of every error that is shown to people or programs.

    `code` is stable and machine-readable (`image.truncated`); `message` says what happened and what to do, in plain
    words, and never contains a path.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class PermanentError(CodedError):
    """The file itself is at fault (corrupt, unsupported, too large), so a retry cannot help."""


class EnvironmentalError(CodedError):
    """Something other than the file is unavailable (model server, storage, disk). The file waits and does not fail."""
