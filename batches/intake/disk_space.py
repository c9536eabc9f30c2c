"""What the disk of the server may refuse, in words, and the room that is kept free on it."""

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
_WORDS = {
    FULL: "The disk of the server is full. Make room there, then go on: what has arrived is kept.",
    READ_ONLY: "The disk of the server can only be read. Make it writable there, then go on: what has arrived is kept.",
    DENIED: "The server may not write to its own folder. Mend its rights there, then go on: what has arrived is kept.",
    AWAY: "The disk for the files is not there. Mount it on the server, then go on: what has arrived is kept.",
    FAILED: "The disk of the server failed; its log says more. Mend it there, then go on: what has arrived is kept.",
}


@dataclass(frozen=True, slots=True)
class DiskFault:
    """Why nothing can be written now: a stable code and words for people."""

    code: str
    message: str


def disk_fault(error: OSError) -> DiskFault:
    """Say what the disk refused."""
    code = _CODES.get(error.errno or 0, FAILED)
    if isinstance(error, DiskSpaceLow):
        return DiskFault(code, error.strerror or _WORDS[code])
    return DiskFault(code, _WORDS[code])


class DiskSpaceLow(OSError):
    """Writing on would leave less room on the disk than is to be kept free."""


def require_space(coming: int) -> None:
    """Raise NoRoom (507 `storage.full`, `storage.read_only`) when so many more bytes must not be written.

    The database and the previews need the disk, too: a full one stops far more than uploads. One statvfs: microseconds.
    """
    disk = os.statvfs(_nearest(Path(settings.PARTIAL_ROOT)))
    if disk.f_flag & os.ST_RDONLY:
        raise DiskSpaceLow(errno.EROFS, _WORDS[READ_ONLY])
    free = disk.f_bavail * disk.f_frsize
    if settings.MIN_FREE_BYTES and free - coming < settings.MIN_FREE_BYTES:
        kept = filesizeformat(settings.MIN_FREE_BYTES)
        words = (
            f"The disk of the server has {filesizeformat(free)} left, of which {kept} are kept free. "
            "Make room there, then go on: what has arrived is kept."
        )
        raise DiskSpaceLow(errno.ENOSPC, words)


def _nearest(folder: Path) -> Path:
    """The folder, or its nearest parent where it is not made yet."""
    while not folder.exists():
        folder = folder.parent
    return folder
