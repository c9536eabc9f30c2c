"""Errors with a stable code, and the three kinds of processing error that decide what happens next."""


class CodedError(Exception):
    """Base of every error that people or programs see.

    `code` is stable and machine-readable (`image.truncated`); `message` says what happened and what to do, in plain
    words, and never contains a path.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class MediaError(CodedError):
    """A file could not be processed. Raise one of the subclasses, never this class."""


class PermanentError(MediaError):
    """The file itself is at fault (corrupt, unsupported, too large): a retry cannot help."""


class TransientError(MediaError):
    """A model returned an unusable answer: worth one retry."""


class EnvironmentalError(MediaError):
    """Something outside the file is unavailable (model server, storage, disk): wait; no file fails."""
