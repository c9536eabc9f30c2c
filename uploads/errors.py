"""Errors with a stable code, and the three kinds of processing error, which decide whether a file is retried."""


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


class MediaError(CodedError):
    """A file could not be processed. Raise one of the subclasses, never this class."""


class PermanentError(MediaError):
    """The file itself is at fault (corrupt, unsupported, too large), so a retry cannot help."""


class TransientError(MediaError):
    """A model returned an unusable answer; processing is retried once."""


class EnvironmentalError(MediaError):
    """Something other than the file is unavailable (model server, storage, disk). The file waits and does not fail."""
