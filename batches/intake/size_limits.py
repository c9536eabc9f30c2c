"""The largest file and the largest archive that are accepted."""

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from batches.engine.incoming import NewFile
from batches.models.error_codes import default_message


def file_rejection(file: NewFile) -> tuple[str, str] | None:
    """Return the code and message with which a file is refused before its bytes arrive; None if it is accepted.

    Only the name tells an archive before the bytes arrive; `finalize` checks again what the file is.
    """
    if file.size == 0:
        return "file.empty", default_message("file.empty")
    is_archive = file.filename.lower().endswith(".zip")
    return size_rejection(file.size, settings.MAX_ARCHIVE_BYTES if is_archive else settings.MAX_FILE_BYTES)


def size_rejection(size: int, limit: int) -> tuple[str, str] | None:
    """Return the code and message for a file that is larger than the limit, otherwise None."""
    if size <= limit:
        return None
    sizes = {"size": filesizeformat(size), "limit": filesizeformat(limit)}
    return "file.too_large", default_message("file.too_large", **sizes)
