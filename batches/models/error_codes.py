"""The error codes of items, commands and requests in `batches`, with their texts.

The codes of `uploads/error_codes.py` are included, so the functions below work for every code. Texts are translated
when they are shown. The item's row stores an English message; for most codes, it is `default_message`.
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from uploads import error_codes as file_codes
from uploads.error_codes import TRY_ONCE, ErrorCode

_ADD_AGAIN = _("Add it again.")

ERROR_CODES = file_codes.ERROR_CODES | {
    "file.changed": ErrorCode(_("The file changed while it was being read."), _("Add it again once it is complete.")),
    "file.unopened": ErrorCode(
        _("The file could not be read on the server."), _("Check it, then add it again."), detail="Reason: %(reason)s."
    ),
    "file.unreadable": ErrorCode(
        _("The stored file cannot be read."), _("Check the server's disk, then try again."), retryable=True
    ),
    "file.withdrawn": ErrorCode(_("Your device could not read the whole file."), _ADD_AGAIN),
    "guest.type": ErrorCode(
        _("Guests can add only photos and videos."), _("Only the owner of the link can add other files.")
    ),
    "ignored.empty": ErrorCode(
        _("The file is empty, so it was ignored."),
        _("If it was supposed to contain a photo, copy it from its source again."),
    ),
    "ignored.export": ErrorCode(
        _("The file belongs to an export, but contains neither a photo nor data about one, so it was ignored."),
        _("Your photos are not affected."),
    ),
    "ignored.hidden": ErrorCode(_("Hidden files are ignored."), _("Rename the file or folder to add it.")),
    "ignored.junk": ErrorCode(
        _("An operating system or another program created this file for its own use, so it was ignored."),
        _("To add it anyway, copy it to another folder under a new name."),
    ),
    "ignored.unreadable": ErrorCode(
        _("This file, folder or link could not be read."),
        _("It may have been moved, changed or deleted. Check it, then add it again."),
    ),
    "item.deleted": ErrorCode(_("The picture was deleted."), _("Start a new import to add it again.")),
    "item.gone": ErrorCode(
        _("The picture was deleted before it was processed."), _("Add it again if you still want it.")
    ),
    "item.internal": ErrorCode(
        _("An internal error occurred while processing this file."),
        _("Try again. If it fails again, check the server log."),
        retryable=True,
    ),
    "item.poison": ErrorCode(
        _("The worker crashed several times while processing this file, so it was marked as failed."),
        TRY_ONCE,
        retryable=True,
    ),
    "quota.exceeded": ErrorCode(
        _("Your storage is full."),
        _("Delete files that you no longer need, then add this one again."),
        detail="The file is %(size)s, but %(used)s of your %(limit)s are already used or reserved for running uploads.",
    ),
    "server.busy": ErrorCode(_("The server was too busy to receive this file."), _ADD_AGAIN),
    "upload.expired": ErrorCode(
        _("This file was not fully uploaded in time, so the partial upload was deleted."), _ADD_AGAIN
    ),
}
"""The codes of failed and ignored files. For any other code, pages show the message in the item's row."""

REFUSALS: dict[str, str | Promise] = {
    "auth.required": "You are signed out. Sign in again, then resume.",
    "batch.busy": _("This import has just changed. Check its status, then try again."),
    "batch.cancelled": _("This import was cancelled. Start a new one to add these files."),
    "batch.completed": _("This import is already finished."),
    "batch.full": _("This import is full. Add the remaining files to a new import."),
    "batch.name_empty": _("Enter a name."),
    "batch.name_too_long": _("A name can have up to %(limit)s characters; this one has %(count)s."),
    "batch.nothing_stored": _("“%(name)s” has no described pictures in your library."),
    "batch.paused": _("“%(name)s” is paused. Resume it first."),
    "batch.reanalysis": _("This import only describes existing pictures again. Start a new one to add files."),
    "batch.reanalysis_running": _(
        "These pictures are already being described again. Wait until this is done, or stop it."
    ),
    "batch.too_many_files": _("An import can have up to %(limit)s files. Split the files into several imports."),
    "batch.too_many_open": _(
        "%(limit)s imports are still waiting for files. Finish or cancel some, then start a new one."
    ),
    "batch.unfinished": _("“%(name)s” isn't finished yet. Wait until it is, then try again."),
    "batch.unknown": _("This import does not exist or does not accept files."),
    "database.away": _("The database is not responding. Nothing is lost; work will resume automatically."),
    "failures.permanent": _("Retrying won't help. Follow the advice shown with each problem."),
    "files.too_many_open": _("You have too many unfinished files. Wait until some of them are done."),
    "guest.full": _("The link owner's storage is full."),
    "guest.limit": _("This upload would exceed the link's limits, or the link is no longer valid."),
    "host.unknown": "This server does not serve this host name. Add it to VUEMANTICS_HOSTS.",
    "item.completed": _("“%(name)s” is already described; there is nothing to retry."),
    "item.not_failed": _("“%(name)s” hasn't failed; there is nothing to retry."),
    "item.not_stored": _("“%(name)s” wasn't stored. Repair it and upload it again."),
    "item.permanent": _("Retrying “%(name)s” won't help. Repair it and upload it again."),
    "library.nothing_to_describe": _("There are no pictures to describe again."),
    "origin.foreign": "Requests from pages of other sites are refused.",
    "picture.busy": _("These pictures are currently being added again. Try again in a moment."),
    "picture.too_many": _("Select up to %(limit)s pictures at a time."),
    "rate.exceeded": _(
        "You have added a lot of files or imports in the last hour. The upload will resume automatically soon."
    ),
    "request.malformed": _("Send JSON: %(what)s."),
    "request.too_large": _("This request is too large."),
    "request.too_many": _("Send at most %(limit)s files at a time."),
    "server.error": _("A server error occurred. Nothing is lost; the upload will resume automatically."),
    "tus.checksum": "The bytes were damaged in transit: they do not match Upload-Checksum.",
    "tus.checksum_algorithm": "Upload-Checksum must use one of: %(algorithms)s.",
    "tus.checksum_header": "Upload-Checksum must be %(algorithm)s, a space and the Base64 of %(size)s bytes.",
    "tus.content_type": "Send the bytes as Content-Type: %(type)s.",
    "tus.deferred_length": "Upload-Defer-Length is not supported: send Upload-Length.",
    "tus.header": "%(header)s must be a whole number of bytes.",
    "tus.metadata": "Upload-Metadata is not valid: %(problem)s.",
    "tus.method": "Use POST /tus/, HEAD, PATCH or DELETE /tus/<number>, or OPTIONS.",
    "tus.offset": "The offset is %(offset)s. Resume from there.",
    "tus.quiet": "The data arrives too slowly. Resume from the offset.",
    "tus.too_long": _("The file grew during the upload. Add it again once it has stopped changing."),
    "tus.version": "Send the header Tus-Resumable: %(version)s.",
    "upload.busy": _("This file is also being uploaded from another page. The upload will resume automatically."),
    "upload.complete": "The file is already complete and cannot be withdrawn.",
    "upload.unknown": "You have no such upload. Add the file again.",
}
"""The codes of refused commands and requests. Messages that only programs receive are in English."""

PERMANENT_CODES = frozenset(code for code, error in ERROR_CODES.items() if not error.retryable)
"""Codes for which a retry with the same bytes cannot succeed."""
FIXED_TEXT_CODES = frozenset(code for code, error in ERROR_CODES.items() if not error.detail)
"""Codes whose text is the same for every file and does not include the message in the item's row."""
IGNORED_CODES = frozenset(code for code in ERROR_CODES if code.startswith("ignored."))
"""Codes of files that are left out on purpose, or because they cannot be read."""
RESUMABLE_CODES = frozenset(
    {"server.busy", "storage.full", "storage.read_only", "storage.denied", "storage.away", "storage.failed"}
)
"""Codes of uploads that stopped for a reason unrelated to the file.

The partial file is kept, so the upload can resume.
"""
RESENDABLE_CODES = RESUMABLE_CODES | {
    *("file.changed", "file.unopened", "file.unreadable", "file.withdrawn", "upload.expired")
}
"""Codes of failures after which an item can receive its file again, from the start if there is no partial file."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """The texts of a failure in the user's language. `advice` may be blank.

    `detail` is the English message in the item's row; it is blank for codes whose text does not include that message.
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

    Omit `message` for a group of items with different messages.
    """
    error = ERROR_CODES.get(code)
    if error is None:
        return ErrorText(message or str(_("Processing this file failed for an unknown reason.")), "", True)
    shows_message = bool(error.detail)
    return ErrorText(
        str(error.title), str(error.advice), error.retryable, shows_message, message if shows_message else ""
    )


def refusal_message(code: str, **details: object) -> str:
    """Return the message of a refused command or request in the active language. Raises KeyError for an unknown code.

    For a code in ERROR_CODES, the message is in English, as in `default_message`.
    """
    error = ERROR_CODES.get(code)
    return str(REFUSALS[code]) % details if error is None else error.message(**details)


def default_message(code: str, **details: object) -> str:
    """Return the English message of a code, for an item's row or a program. Raises KeyError for an unknown code."""
    with translation.override(None):
        return refusal_message(code, **details)


def is_retryable(code: str) -> bool:
    """Return whether a retry with the same bytes may succeed; True for an unknown code."""
    return code not in PERMANENT_CODES
