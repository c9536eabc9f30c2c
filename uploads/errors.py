"""Why a file could not be processed, in the three kinds that decide what happens next."""


class MediaError(Exception):
    """A reason that can be shown to a person.

    `code` is stable and machine-readable (`image.truncated`); `message` says what happened and what to do, in plain
    words, and never contains a path. Raise one of the subclasses, never this class itself.
    """

    code: str
    message: str

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class PermanentError(MediaError):
    """The file itself is at fault (corrupt, unsupported, too large): trying again cannot help."""


class TransientError(MediaError):
    """A model gave an unusable answer: worth one more attempt."""


class EnvironmentalError(MediaError):
    """Something around the file is away (model server, storage, disk): no file is to blame, wait and go on."""
