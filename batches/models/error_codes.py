"""The texts of stable failure codes: what happened, what to do, and whether a retry may help.

They are translated when shown. An item's row stores its message in English; for most codes that is `default_message`.
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """The texts of one code. `retryable`: the same bytes may succeed another time.

    `shows_message`: the item's own message is shown as well, because it adds details such as the file's type or size.
    """

    title: str | Promise
    advice: str | Promise
    retryable: bool = False
    shows_message: bool = False


_COPY_AGAIN = _("Copy it from the camera or phone again, then add the new copy.")
_ADD_AGAIN = _("Add it again.")
_OPERATOR_FIX = _("The operator has to fix this. Then add the file again.")

ERROR_CODES: dict[str, ErrorCode] = {
    "file.changed": ErrorCode(_("The file changed while it was being read."), _("Add it again once it is complete.")),
    "file.empty": ErrorCode(_("The file is empty."), _COPY_AGAIN),
    "file.missing": ErrorCode(_("The stored file is missing."), _("Start a new import to add it again.")),
    "file.too_large": ErrorCode(_("The file is too large."), _("Add a smaller copy."), shows_message=True),
    "file.unreadable": ErrorCode(
        _("The stored file cannot be read."), _("Check the disk of the server, then try again."), retryable=True
    ),
    "file.unsupported": ErrorCode(
        _("This file type is not supported."), _("Export it as JPEG and add it again."), shows_message=True
    ),
    "file.withdrawn": ErrorCode(_("Your device could not read the whole file."), _ADD_AGAIN),
    "image.bomb": ErrorCode(_("The picture has too many pixels."), _("Add a smaller copy."), shows_message=True),
    "image.corrupt": ErrorCode(_("The picture is damaged and cannot be read."), _COPY_AGAIN),
    "image.truncated": ErrorCode(_("The picture is incomplete: its end is missing."), _COPY_AGAIN),
    "item.abandoned": ErrorCode(
        _("The upload of this file was never finished."), _("Add it again: the part already sent is kept for a while.")
    ),
    "item.deleted": ErrorCode(_("The picture was deleted."), _("Start a new import to add it again.")),
    "item.gone": ErrorCode(
        _("The picture was deleted before it was processed."), _("Add it again if you still want it.")
    ),
    "item.internal": ErrorCode(
        _("An internal error occurred while processing this file."),
        _("Try again. If it fails again, see the server log."),
        retryable=True,
    ),
    "item.poison": ErrorCode(
        _("The worker crashed several times while processing this file, so it was set aside."),
        _("Try again once. If it fails again, open the picture, save a new copy and add that."),
        retryable=True,
    ),
    "quota.exceeded": ErrorCode(
        _("Your storage is full."), _("Delete what you do not need, then add the file again."), shows_message=True
    ),
    "storage.away": ErrorCode(_("The storage of the server could not be reached."), _OPERATOR_FIX, retryable=True),
    "storage.denied": ErrorCode(_("The server is not allowed to write to its disk."), _OPERATOR_FIX),
    "storage.failed": ErrorCode(_("The disk of the server failed."), _OPERATOR_FIX),
    "storage.full": ErrorCode(_("The disk of the server was full."), _("Free some space, then add the file again.")),
    "storage.read_only": ErrorCode(_("The disk of the server is read-only."), _OPERATOR_FIX),
    "upload.expired": ErrorCode(
        _("The upload of this file was not finished in time, and the part already sent was deleted."), _ADD_AGAIN
    ),
}
"""By code. An unknown code falls back to the item's own message."""
PERMANENT_CODES = frozenset(code for code, error in ERROR_CODES.items() if not error.retryable)
"""Retrying the same bytes cannot help."""
FIXED_TEXT_CODES = frozenset(code for code, error in ERROR_CODES.items() if not error.shows_message)
"""These show the same text for every file; the item's own message is not shown."""
RESUMABLE_CODES = frozenset(
    {"item.abandoned", "storage.full", "storage.read_only", "storage.denied", "storage.away", "storage.failed"}
)
"""The bytes did not arrive, through no fault of the file. Its partial file is kept, so sending can resume."""
RESENDABLE_CODES = RESUMABLE_CODES | {"upload.expired", "file.withdrawn", "file.unreadable", "file.changed"}
"""The file may be registered again; if no partial file was kept, sending starts from the beginning."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """The texts of a failure in the reader's language; `advice` may be blank.

    `detail` is the item's own message, in English, if the code shows it.
    """

    title: str
    advice: str
    retryable: bool
    shows_message: bool = False
    detail: str = ""

    @property
    def text(self) -> str:
        """Title, advice and detail in one line."""
        return " ".join(part for part in (self.title, self.advice, self.detail) if part)


def error_text(code: str, message: str = "") -> ErrorText:
    """Return the texts of a failure with this code and the item's message.

    Leave `message` out for a group of items whose messages differ.
    """
    error = ERROR_CODES.get(code)
    if error is None:
        return ErrorText(message or str(_("The file failed for an unknown reason.")), "", True)
    return ErrorText(
        str(error.title),
        str(error.advice),
        error.retryable,
        error.shows_message,
        message if error.shows_message else "",
    )


def default_message(code: str) -> str:
    """Return the English message for an item's row when only the code is known."""
    with translation.override(None):
        return error_text(code).text


def is_retryable(code: str) -> bool:
    """Return whether retrying the same bytes may help; True for an unknown code."""
    return code not in PERMANENT_CODES
