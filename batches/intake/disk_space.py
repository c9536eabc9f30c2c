"""Keep some disk space free, and translate disk errors into error codes and HTTP statuses."""

import errno
import logging
import os
from pathlib import Path

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from uploads.outage_log import OutageLog
from uploads.storage import error_code

logger = logging.getLogger(__name__)
disk_outage = OutageLog(logger, "Files cannot be received: %s", "Files can be received again.")

BUSY = "server.busy"
BUSY_SECONDS = 5
"""How long a client should wait if the process cannot open any more files."""


class DiskSpaceLow(OSError):
    """Writing more would leave less than MIN_FREE_BYTES free, or the disk is read-only."""


def disk_error_code(error: OSError) -> str:
    """Return the error code for an OSError that prevents files from being received, and log the outage.

    If the process cannot open any more files, the code is BUSY, because the disk is not at fault.
    """
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        logger.warning("Files cannot be received: %s", error)
        return BUSY
    disk_outage.report(error)
    return error_code(error)


def error_status(code: str) -> int:
    """Return the HTTP status for a code that `disk_error_code` returned."""
    return 503 if code == BUSY else 507


def require_space(size: int) -> None:
    """Raise DiskSpaceLow (`storage.full`, `storage.read_only`) if `size` more bytes must not be written.

    Space is kept free because the database and the previews may be on the same disk and would fail too if it were full.
    This function makes one statvfs call.
    """
    disk = _read_disk()
    if disk.f_flag & os.ST_RDONLY:
        raise DiskSpaceLow(errno.EROFS, "The disk is read-only")
    free = disk.f_bavail * disk.f_frsize
    if settings.MIN_FREE_BYTES and free - size < settings.MIN_FREE_BYTES:
        reserve = filesizeformat(settings.MIN_FREE_BYTES)
        raise DiskSpaceLow(errno.ENOSPC, f"{filesizeformat(free)} are free, but {reserve} must stay free")


def free_space() -> int:
    """Return how many bytes can be written without leaving less than MIN_FREE_BYTES free. Makes one statvfs call."""
    disk = _read_disk()
    return 0 if disk.f_flag & os.ST_RDONLY else max(0, disk.f_bavail * disk.f_frsize - settings.MIN_FREE_BYTES)


def _read_disk() -> os.statvfs_result:
    folder = Path(settings.PARTIAL_ROOT)
    while not folder.exists():
        folder = folder.parent
    return os.statvfs(folder)
