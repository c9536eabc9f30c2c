"""What stable codes of failures mean for people: what happened, what to do, and whether trying again may help.

The one place for these words, and the reason why they are in the reader's language: a failed file also keeps its own
message, in English, which may name sizes and kinds.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A reason of failure. `retryable`: the same bytes may go well another time.

    `shows_message`: the file's own message says more than the advice, such as its kind or size, and is shown beside it.
    """

    title: str | Promise
    advice: str | Promise
    retryable: bool = False
    shows_message: bool = False


_COPY = _("Mend the file and add it once more: copy it from the camera or phone again.")
_ANEW = _("Add it again: what was sent already is kept for a while.")

ERROR_CODES: dict[str, ErrorCode] = {
    "file.changed": ErrorCode(_("The file changed while it was read."), _("Add it again when it is at rest.")),
    "file.empty": ErrorCode(_("The file is empty."), _("Copy it from its source again, and add it once more.")),
    "file.missing": ErrorCode(_("The stored file is gone from the media disk."), _("Add it once more.")),
    "file.too_large": ErrorCode(_("The file is too large."), _("Add a smaller copy."), shows_message=True),
    "file.unreadable": ErrorCode(
        _("The file cannot be read."), _("Look after the disk that it lies on, then try again."), retryable=True
    ),
    "file.unsupported": ErrorCode(
        _("This kind of file is not taken."),
        _("Mend the file and add it once more: save it as a picture of a known kind."),
        shows_message=True,
    ),
    "file.withdrawn": ErrorCode(_("Your device could not read the file to its end."), _("Add it again.")),
    "image.bomb": ErrorCode(_("The picture is too large."), _("Add a smaller copy."), shows_message=True),
    "image.corrupt": ErrorCode(_("The picture is damaged and cannot be read."), _COPY),
    "image.truncated": ErrorCode(_("The picture is incomplete: its end is missing."), _COPY),
    "item.abandoned": ErrorCode(_("The file was never sent to its end."), _ANEW),
    "item.deleted": ErrorCode(_("The picture was deleted."), _("Start a new batch to add it again.")),
    "item.gone": ErrorCode(
        _("The picture was deleted before it was worked on."), _("Add it once more if it is wanted after all.")
    ),
    "item.internal": ErrorCode(
        _("The program made a mistake on this file."),
        _("Try again; if it stays so, the log says more."),
        retryable=True,
    ),
    "item.poison": ErrorCode(
        _("The program ended several times while working on this file, so it was put aside."),
        _("Try again once; if it stays so, add a copy that was saved anew."),
        retryable=True,
    ),
    "quota.exceeded": ErrorCode(
        _("There is no more room for your files."),
        _("Delete what you do not need, then add it again."),
        shows_message=True,
    ),
    "storage.away": ErrorCode(
        _("The storage of the server could not be reached."),
        _("Look after it, then add the file again."),
        retryable=True,
    ),
    "storage.denied": ErrorCode(_("The server may not write to its disk."), _("Let it, then add the file again.")),
    "storage.failed": ErrorCode(_("The disk of the server failed."), _("Look after it, then add the file again.")),
    "storage.full": ErrorCode(_("The disk of the server was full."), _("Make room there, then add the file again.")),
    "storage.read_only": ErrorCode(
        _("The disk of the server can only be read."), _("Look after it, then add the file again.")
    ),
    "upload.expired": ErrorCode(_("The file was not sent to its end in time."), _("Add it again.")),
}
"""By code. Codes that are not here fall back to the file's own message."""
PERMANENT_CODES = frozenset(code for code, cause in ERROR_CODES.items() if not cause.retryable)
"""Trying the same bytes again cannot help."""
FIXED_TEXT_CODES = frozenset(code for code, cause in ERROR_CODES.items() if not cause.shows_message)
"""Their words are the same for every file, whatever its own message says."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What happened and what to do, for one code; the advice may be blank, and so may the detail: what the file's own
    message says besides, in English.
    """

    title: str
    advice: str
    retryable: bool
    shows_message: bool = False
    detail: str = ""

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " ".join(part for part in (self.title, self.advice, self.detail) if part)


def error_text(code: str, message: str = "") -> ErrorText:
    """Return the words for failures with this code; with the message of one of them, which says what it is of its own.

    For many with different messages leave it out: a cause that is known has words of its own.
    """
    cause = ERROR_CODES.get(code)
    if cause is None:
        return ErrorText(message or str(_("The file failed for an unknown reason.")), "", True)
    return ErrorText(
        str(cause.title),
        str(cause.advice),
        cause.retryable,
        cause.shows_message,
        message if cause.shows_message else "",
    )


def is_retryable(code: str) -> bool:
    """Whether trying the same bytes again may help; an unknown cause may."""
    return code not in PERMANENT_CODES
