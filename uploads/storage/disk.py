"""Store files on a local or mounted disk. A hard link or a rename puts each complete file under its final name."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from errno import EIO, EMLINK, ENODEV, ENOENT, EOPNOTSUPP, EPERM
from pathlib import Path
from threading import get_ident
from typing import BinaryIO

from django.core.files.storage import FileSystemStorage

from uploads.storage.backend import Readable

HARD_LINKS_UNSUPPORTED = frozenset({EPERM, EOPNOTSUPP, EMLINK})
"""Errors that mean that a hard link is not possible, as on exFAT and some network disks; the file is then copied."""


class DiskStorage(FileSystemStorage):
    """A StorageBackend in a folder. If possible, received files are hard-linked into the folder, not copied."""

    signed_url_seconds = 0

    def prepare(self) -> None:
        """Create the two top folders. If they are missing later, the disk is not mounted."""
        for folder in ("originals", "previews"):
            Path(self.path(folder)).mkdir(parents=True, exist_ok=True, mode=0o700)

    def store_file(self, source: Path, name: str) -> None:
        """Create `name` as a hard link to `source` or, if hard links are not supported, as a copy.

        `source` must be synced and on the same disk.
        """
        target = Path(self.path(name))
        try:
            _link_or_copy(source, target)
        except FileNotFoundError:
            _make_folder(target.parent)
            _link_or_copy(source, target)
        sync_path(target.parent)

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """Yield the path of the file itself.

        Raises FileNotFoundError if only the file is missing, and another OSError if the top folder is missing too,
        because the disk is then not mounted.
        """
        path = Path(self.path(name))
        if not path.exists():
            if path.parent.parent.is_dir():
                raise FileNotFoundError(ENOENT, "There is no such file.")
            raise _not_mounted()
        yield path

    @contextmanager
    def open_at(self, name: str, offset: int) -> Iterator[Readable]:
        """Yield the open file, positioned at `offset`."""
        with self.local_copy(name) as path, _open(path) as stream:
            stream.seek(offset)
            yield stream

    def write(self, name: str, content: bytes) -> None:
        """Write under a temporary name, then rename. The folder is created only if writing fails without it."""
        target = Path(self.path(name))
        with _temporary_name(target) as temporary:
            try:
                temporary.write_bytes(content)
            except FileNotFoundError:
                _make_folder(target.parent)
                temporary.write_bytes(content)

    def read(self, name: str) -> bytes:
        return Path(self.path(name)).read_bytes()

    def has_file(self, name: str) -> bool:
        return Path(self.path(name)).exists()

    def delete_files(self, names: Iterable[str]) -> None:
        for name in names:
            Path(self.path(name)).unlink(missing_ok=True)

    def is_available(self) -> bool:
        """Return whether the folder of originals contains anything; it is empty if the disk is not mounted."""
        try:
            return any(Path(self.path("originals")).iterdir())
        except OSError:
            return False

    def signed_url(self, name: str, method: str, headers: Mapping[str, str]) -> str:
        """Raise NotImplementedError, because this process or nginx sends the files."""
        raise NotImplementedError


def _open(path: Path) -> BinaryIO:
    """Open a file in a folder that is known to be accessible: if access is denied, only this file is affected."""
    try:
        return path.open("rb")
    except PermissionError as error:
        raise OSError(EIO, "Access to this file is denied.") from error


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        _link(source, target)
    except FileExistsError:
        if not _is_same_file(source, target):  # it is the same if the call is repeated after a crash
            with _temporary_name(target) as temporary:
                _link(source, temporary)
    except OSError as error:
        if error.errno not in HARD_LINKS_UNSUPPORTED:
            raise
        with _temporary_name(target) as temporary:
            shutil.copyfile(source, temporary)
            with temporary.open("rb") as copy:
                os.fsync(copy.fileno())


def _is_same_file(source: Path, target: Path) -> bool:
    try:
        return target.samefile(source)
    except OSError:
        return False  # a damaged target is replaced; a missing source fails when it is linked


def _link(source: Path, target: Path) -> None:
    """Create a hard link to `source`. If `source` is the /proc path of an open file descriptor, link the open file.

    Without `dst_dir_fd`, Python calls link(2), which would link the symbolic link in /proc itself.
    """
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.link(source, target.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


@contextmanager
def _temporary_name(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`. After the block, rename it to `target`; after an OSError, remove it.

    The path is unique per thread, because two workers may write the same file if one was wrongly considered dead.
    """
    temporary = target.with_name(f"{target.name}.{os.getpid()}-{get_ident()}")
    try:
        yield temporary
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    """Create a folder, but not its parent: a new tree on an empty mount point would hide that the disk is missing."""
    if not folder.parent.is_dir():
        raise _not_mounted()
    folder.mkdir(exist_ok=True, mode=0o700)
    sync_path(folder.parent)


def sync_path(path: Path) -> None:
    """Sync a file, or a folder's list of names, to disk, so that it survives a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_mounted() -> OSError:
    return OSError(ENODEV, "The media disk is not mounted.")
