"""The size limits of files and archives."""

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from batches.engine.incoming import NewFile
from batches.models.error_codes import default_message


def file_rejection(file: NewFile) -> tuple[str, str] | None:
    """Return the code and message for rejecting a file before its bytes arrive, or None if it is accepted.

    At this point, only the name shows whether the file is an archive. `finalize_item` checks the actual type.
    """
    if file.size == 0:
        return "file.empty", default_message("file.empty")
    is_archive = file.filename.lower().endswith(".zip")
    return size_rejection(file.size, settings.MAX_ARCHIVE_BYTES if is_archive else settings.MAX_FILE_BYTES)


def size_rejection(size: int, limit: int) -> tuple[str, str] | None:
    """Return the code and message for rejecting a file that is larger than the limit, otherwise None."""
    if size <= limit:
        return None
    sizes = {"size": filesizeformat(size), "limit": filesizeformat(limit)}
    return "file.too_large", default_message("file.too_large", **sizes)
