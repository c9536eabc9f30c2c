"""What the engine refuses, in words for people."""

from django.utils.translation import gettext as _

from uploads.errors import CodedError


class Refused(CodedError):
    """A command that the current state does not allow. The message is in the reader's language."""


class BatchClosed(Refused):
    """The batch was cancelled or deleted, or never was: no more data for it."""

    def __init__(self) -> None:
        super().__init__("batch.cancelled", _("This batch was cancelled. Start a new one to add these files."))


class ReanalysisRunning(Refused):
    """The pictures of a batch are described again once at a time."""

    def __init__(self) -> None:
        words = _("These pictures are being described again already. Wait for the end of it, or cancel it.")
        super().__init__("batch.reanalysis_running", words)
