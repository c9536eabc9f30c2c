"""The error codes that `uploads` raises (files, storage, analyzers), with their texts.

`batches/models/error_codes.py` adds the codes that `batches` raises.
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """What happened to a file, and what to do. Both are translated when they are shown.

    `retryable` means that a retry with the same bytes may succeed. `detail` is a template for details of one file, such
    as its size. Details are in English; they are stored in the item's row, and pages show them after the other texts.
    """

    title: str | Promise
    advice: str | Promise
    retryable: bool = False
    detail: str = ""

    @property
    def text(self) -> str:
        """The title and the advice in the active language."""
        return f"{self.title} {self.advice}"

    def message(self, **details: object) -> str:
        """Return the English message for the item's row: the details or, if the code has none, the title and advice."""
        if self.detail:
            return self.detail % details
        with translation.override(None):
            return self.text


COPY_AGAIN = _("Copy it from the camera or phone again, then add the new copy.")
TRY_ONCE = _("Try again. If it fails again, open the picture, save a new copy and add that.")
_ADD_SMALLER = _("Add a smaller copy.")
# Advice for storage errors. They make a file fail while it is being received, but wait while it is being processed.
_AFTER_REPAIR = _("When this is fixed, unfinished uploads and processing will resume. Add failed files again.")

_UPLOAD_AGAIN = _("Add the same file again to repair the stored one.")
_GET_ARCHIVE_AGAIN = _("Download or copy the archive again, then add it.")
_UNPACK = _("Unpack it, then add the files.")

ERROR_CODES: dict[str, ErrorCode] = {
    "analysis.answer": ErrorCode(
        _("The analysis returned no usable result for this picture."),
        _("Try again. If it fails again, check the server log."),
        retryable=True,
    ),
    "archive.bomb": ErrorCode(
        _("The archive would be suspiciously large when unpacked."), _("If you trust it, unpack it and add the files.")
    ),
    "archive.damaged": ErrorCode(_("The archive is damaged."), _GET_ARCHIVE_AGAIN),
    "archive.encrypted": ErrorCode(_("The archive is password-protected."), _UNPACK),
    "archive.entry_damaged": ErrorCode(_("The file is damaged inside its archive."), _GET_ARCHIVE_AGAIN),
    "archive.link": ErrorCode(
        _("The archive contains a link instead of this file."), _("Add the file that the link points to.")
    ),
    "archive.method": ErrorCode(_("The file is compressed in a way that is not supported."), _UNPACK),
    "archive.nested": ErrorCode(_("Archives inside archives are not unpacked."), _UNPACK),
    "archive.quota": ErrorCode(
        _("You do not have enough storage for the files in the archive."),
        _("Delete files that you no longer need, then try again."),
        retryable=True,
        detail="The files need %(size)s, but %(used)s of your %(limit)s are already used.",
    ),
    "archive.split": ErrorCode(
        _("This is one part of a split archive."), _("Join the parts, or unpack them and add the files.")
    ),
    "archive.too_large": ErrorCode(
        _("The files in the archive are too large in total."),
        _UNPACK,
        detail="The total unpacked size is %(size)s; the limit is %(limit)s.",
    ),
    "archive.too_many_files": ErrorCode(
        _("The archive has too many files."),
        _("Unpack it and add the files in several imports."),
        detail="The archive has %(count)s files; the limit is %(limit)s.",
    ),
    "archive.truncated": ErrorCode(_("The archive is incomplete: the end of the file is missing."), _GET_ARCHIVE_AGAIN),
    "archive.unsafe_path": ErrorCode(
        _("The file's path may point outside the archive."),
        _("If you trust the archive, unpack it and add the file."),
    ),
    "file.empty": ErrorCode(_("The file is empty."), COPY_AGAIN),
    "file.missing": ErrorCode(_("The stored file is missing."), _("Start a new import to add it again.")),
    "file.too_large": ErrorCode(
        _("The file is too large."), _ADD_SMALLER, detail="The file is %(size)s; the limit is %(limit)s."
    ),
    "file.unsupported": ErrorCode(
        _("This file type is not supported."),
        _("Export it as JPEG and add it again."),
        detail="%(kind)s are not supported. %(formats)s",
    ),
    "image.bomb": ErrorCode(
        _("The picture has too many pixels."),
        _ADD_SMALLER,
        detail="The picture has %(pixels)s; the limit for this kind of file is %(limit)s megapixels.",
    ),
    "image.complex": ErrorCode(
        _("The file is too complex to read."),
        _("Open it, save a new copy and add that."),
        detail="The picture has %(what)s.",
    ),
    "image.corrupt": ErrorCode(_("The picture is damaged and cannot be read."), COPY_AGAIN),
    "image.crash": ErrorCode(_("The picture crashed the decoder."), TRY_ONCE, retryable=True),
    "image.truncated": ErrorCode(_("The picture is incomplete: the end of the file is missing."), COPY_AGAIN),
    "model.answer": ErrorCode(
        _("The model returned no usable description of this picture."),
        _("Try again. If it fails again, another model may do better."),
        retryable=True,
        detail="The model's answer is unusable: %(problem)s.",
    ),
    "model.picture": ErrorCode(
        _("The model server failed on this picture, but it is otherwise working."),
        _("Try again later."),
        retryable=True,
        detail="The model server failed on this picture only: %(problem)s.",
    ),
    "original.changed": ErrorCode(_("The stored file is damaged: its content has changed."), _UPLOAD_AGAIN),
    "original.missing": ErrorCode(_("The stored file is missing."), _UPLOAD_AGAIN),
    "original.unreadable": ErrorCode(_("The stored file cannot be read from the server's disk."), _UPLOAD_AGAIN),
    "sidecar.unreadable": ErrorCode(
        _("This file does not belong to any picture, or it is damaged."),
        _("Your pictures are not affected. Export the file again if you need its data."),
    ),
    "storage.away": ErrorCode(_("The server's storage could not be reached."), _AFTER_REPAIR, retryable=True),
    "storage.denied": ErrorCode(_("The server is not allowed to write to its disk."), _AFTER_REPAIR),
    "storage.failed": ErrorCode(_("The server's disk failed."), _AFTER_REPAIR),
    "storage.full": ErrorCode(_("The server's disk is full."), _AFTER_REPAIR),
    "storage.read_only": ErrorCode(_("The server's disk is read-only."), _AFTER_REPAIR),
    "video.codec": ErrorCode(
        _("The codec of this video is not supported."),
        _("Convert it to MP4 with H.264 and add that."),
        detail="The video uses the codec %(codec)s.",
    ),
    "video.corrupt": ErrorCode(_("The video is damaged and cannot be read."), COPY_AGAIN),
    "video.no_picture": ErrorCode(
        _("The file contains sound or data, but no video."), _("Add pictures and videos only.")
    ),
    "video.truncated": ErrorCode(_("The video is incomplete: the end of the file is missing."), COPY_AGAIN),
}

OUTAGES = {
    "analysis.unusable": "The provider “%(name)s” cannot be used. Set VUEMANTICS_DESCRIBER and VUEMANTICS_EMBEDDER to "
    "one of: %(known)s; or fix that class.",
    "analysis.weights": "The analyzer's file %(name)s is %(problem)s. Reinstall the program; waiting files then "
    "resume.",
    "clip.folder": "The model in VUEMANTICS_CLIP_MODEL cannot be used: %(problem)s. See docs/analysis.md.",
    "decoder.unavailable": "The process that decodes pictures cannot be started: %(reason)s. Check the server log and "
    "the free memory; waiting files then resume.",
    "model.away": "The model server %(server)s cannot be reached (%(problem)s). Start it; waiting files then resume.",
    "model.busy": "The model server %(server)s is too busy. Waiting files resume when it accepts requests again.",
    "model.denied": "The model server %(server)s refuses the key. Set OLLAMA_API_KEY or OPENAI_API_KEY.",
    "model.failing": "The model server %(server)s fails even with a tiny picture: %(problem)s.",
    "model.missing": "Model %(model)s is %(fix)s (model server %(server)s).",
    "storage.temp_full": "The file cannot be copied to this machine. Check that the disk for temporary files is not "
    "full.",
    "storage.unreadable": "The file cannot be read from the storage. Processing resumes when the storage works again.",
}
"""English messages for codes that make workers wait instead of failing a file. Pages show these messages as details."""


def english_message(code: str, **details: object) -> str:
    """Return the message of a code in one of the tables above. Raises KeyError for an unknown code or detail."""
    error = ERROR_CODES.get(code)
    return OUTAGES[code] % details if error is None else error.message(**details)
