"""Keep some disk space free, and explain disk errors on the server."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.template.defaultfilters import filesizeformat

FULL = "storage.full"
READ_ONLY = "storage.read_only"
DENIED = "storage.denied"
FAILED = "storage.failed"
AWAY = "storage.away"
_CODES = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
    errno.ENODEV: AWAY,
}
_MESSAGES = {
    FULL: "The server's disk is full. Free some space there, then resume. What was received is kept.",
    READ_ONLY: "The server's disk is read-only. Make it writable, then resume. What was received is kept.",
    DENIED: "The server may not write to its own folder. Fix its permissions, then resume. What was received is kept.",
    AWAY: "The disk for the files is not mounted. Mount it on the server, then resume. What was received is kept.",
    FAILED: "The server's disk failed; see its log. Fix the disk, then resume. What was received is kept.",
}


@dataclass(frozen=True, slots=True)
class DiskFault:
    """Why the disk cannot be written to: a stable code and a message."""

    code: str
    message: str


class DiskSpaceLow(OSError):
    """Writing more would leave less than MIN_FREE_BYTES free, or the disk is read-only."""


def disk_fault(error: OSError) -> DiskFault:
    """Return the code and message of a disk error."""
    code = _CODES.get(error.errno or 0, FAILED)
    if isinstance(error, DiskSpaceLow):
        return DiskFault(code, error.strerror or _MESSAGES[code])
    return DiskFault(code, _MESSAGES[code])


def require_space(size: int) -> None:
    """Raise DiskSpaceLow (`storage.full`, `storage.read_only`) if `size` more bytes must not be written.

    Space is kept free because the database and the previews may be on the same disk and would fail too if it were full.
    Costs one statvfs call.
    """
    disk = os.statvfs(_existing_parent(Path(settings.PARTIAL_ROOT)))
    if disk.f_flag & os.ST_RDONLY:
        raise DiskSpaceLow(errno.EROFS, _MESSAGES[READ_ONLY])
    free = disk.f_bavail * disk.f_frsize
    if settings.MIN_FREE_BYTES and free - size < settings.MIN_FREE_BYTES:
        message = (
            f"The server's disk has {filesizeformat(free)} left, of which {filesizeformat(settings.MIN_FREE_BYTES)} "
            "must stay free. Free some space there, then resume. What was received is kept."
        )
        raise DiskSpaceLow(errno.ENOSPC, message)


def _existing_parent(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
