"""Errors for commands that the engine refuses, with messages in the reader's language."""

from django.utils.translation import gettext as _

from uploads.errors import CodedError


class Refused(CodedError):
    """A command that the current state does not allow. The message is in the reader's language."""


class BatchClosed(Refused):
    """The batch is cancelled or deleted, or never existed: it accepts no more files."""

    def __init__(self) -> None:
        super().__init__("batch.cancelled", _("This import was cancelled. Start a new one to add these files."))


class ReanalysisRunning(Refused):
    """Only one re-analysis of a batch may be live at a time."""

    def __init__(self) -> None:
        message = _("These pictures are already being described again. Wait until that is done, or cancel it.")
        super().__init__("batch.reanalysis_running", message)
