"""Stable error codes of failed files: what happened, what to do, and whether a retry may help.

The texts are translated when they are shown. The item's row stores a message in English, which for most codes is
`default_message`.
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """The texts of one code.

    `retryable` means that a retry with the same bytes may succeed. `shows_message` means that pages also show the
    message in the item's row, because it adds details such as the file's type or size.
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
    "image.complex": ErrorCode(
        _("The picture takes too long to read."),
        _("Open it, save a new copy and add that."),
        shows_message=True,
    ),
    "image.corrupt": ErrorCode(_("The picture is damaged and cannot be read."), _COPY_AGAIN),
    "image.crash": ErrorCode(
        _("The picture made the decoder crash."),
        _("Try again once. If it fails again, open the picture, save a new copy and add that."),
        retryable=True,
    ),
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
"""For a code that is not listed here, the message in the item's row is shown instead."""
PERMANENT_CODES = frozenset(code for code, error in ERROR_CODES.items() if not error.retryable)
"""Codes for which a retry with the same bytes cannot succeed."""
FIXED_TEXT_CODES = frozenset(code for code, error in ERROR_CODES.items() if not error.shows_message)
"""Codes that show the same text for every file, without the message in the item's row."""
RESUMABLE_CODES = frozenset(
    {"item.abandoned", "storage.full", "storage.read_only", "storage.denied", "storage.away", "storage.failed"}
)
"""Codes of uploads that stopped for a reason unrelated to the file.

The partial file is kept, so the upload can resume.
"""
RESENDABLE_CODES = RESUMABLE_CODES | {"upload.expired", "file.withdrawn", "file.unreadable", "file.changed"}
"""Codes after which the file may be registered again. Without a partial file, the upload starts from the beginning."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """The texts of a failure in the user's language. `advice` may be blank.

    `detail` is the English message in the item's row; it is blank if the code does not show that message.
    """

    title: str
    advice: str
    retryable: bool
    shows_message: bool = False
    detail: str = ""

    @property
    def text(self) -> str:
        """The title, the advice and the detail on one line."""
        return " ".join(part for part in (self.title, self.advice, self.detail) if part)


def error_text(code: str, message: str = "") -> ErrorText:
    """Return the texts of a failure. `message` is the message in the item's row.

    For a group of items whose messages differ, omit `message`.
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
    """Return an English message to store in an item's row if there is no more specific message than the code."""
    with translation.override(None):
        return error_text(code).text


def is_retryable(code: str) -> bool:
    """Return whether a retry with the same bytes may succeed; True for an unknown code."""
    return code not in PERMANENT_CODES
