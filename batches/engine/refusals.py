"""Errors raised when the engine refuses a command."""

from django.utils.translation import gettext as _

from uploads.errors import CodedError


class Refused(CodedError):
    """The current state does not allow the command. The message is in the user's language."""


class BatchClosed(Refused):
    """The batch accepts no more files, because it is cancelled, was deleted or never existed."""

    def __init__(self) -> None:
        super().__init__("batch.cancelled", _("This import was cancelled. Start a new one to add these files."))


class FileRefused(Refused):
    """The batch does not accept this file.

    A limit is reached (`batch.full`, `quota.exceeded`), or the batch is a re-analysis (`batch.reanalysis`).
    """


class ReanalysisRunning(Refused):
    """Another re-analysis of the same batch is still live."""

    def __init__(self) -> None:
        message = _("These pictures are already being described again. Wait until that is done, or cancel it.")
        super().__init__("batch.reanalysis_running", message)
