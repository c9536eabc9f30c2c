"""Files on a disk of this machine, or one that is mounted here: what is written is whole, by link or rename."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from errno import EMLINK, ENODEV, ENOENT, EOPNOTSUPP, EPERM
from pathlib import Path
from threading import get_ident

from django.core.files.storage import FileSystemStorage

NO_LINKS = frozenset({EPERM, EOPNOTSUPP, EMLINK})
"""What disks without hard links say, such as exFAT and some over the network: there the bytes are copied."""


class Disk(FileSystemStorage):
    """A folder: see `Place`. A received file gets its second name here, without copying."""

    address_seconds = 0

    def begin(self) -> None:
        """Make the two folders: where they are missing later on, the disk is not mounted."""
        for folder in ("originals", "previews"):
            Path(self.path(folder)).mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, part: Path, name: str) -> None:
        """Link the part, which must be on the same disk and synced, to its name; the name is synced too."""
        target = Path(self.path(name))
        try:
            _link(part, target)
        except FileNotFoundError:
            _make_folder(target.parent)
            _link(part, target)
        _sync_folder(target.parent)

    @contextmanager
    def at_hand(self, name: str) -> Iterator[Path]:
        """Give the file itself. An unmounted disk has not even the folder of all originals."""
        path = Path(self.path(name))
        if not path.exists():
            if path.parent.parent.is_dir():
                raise FileNotFoundError(ENOENT, "There is no such file.")
            raise OSError(ENODEV, "The media disk is not there.")
        yield path

    def write(self, name: str, content: bytes) -> None:
        """Write beside the name and rename; its folder is made when it turns out to be missing, which is seldom."""
        target = Path(self.path(name))
        with _draft(target) as draft:
            try:
                draft.write_bytes(content)
            except FileNotFoundError:
                _make_folder(target.parent)
                draft.write_bytes(content)

    def read(self, name: str) -> bytes:
        """Return the file's bytes."""
        return Path(self.path(name)).read_bytes()

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return Path(self.path(name)).exists()

    def remove(self, names: Iterable[str]) -> None:
        """Unlink the files."""
        for name in names:
            Path(self.path(name)).unlink(missing_ok=True)

    def answers(self) -> bool:
        """Whether there is anything in the folder of originals."""
        try:
            return any(Path(self.path("originals")).iterdir())
        except OSError:
            return False

    def address(self, name: str, method: str, facts: Mapping[str, str]) -> str:
        """There is none: this process or nginx sends the bytes."""
        raise NotImplementedError


def _link(part: Path, target: Path) -> None:
    try:
        _link_file(part, target)
    except FileExistsError:
        if not target.samefile(part):  # else a repetition after a crash
            with _draft(target) as draft:
                _link_file(part, draft)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        with _draft(target) as draft:
            shutil.copyfile(part, draft)
            with draft.open("rb") as copy:
                os.fsync(copy.fileno())


def _link_file(part: Path, target: Path) -> None:
    """Link the file itself where `part` names it by a descriptor of this process, as /proc does.

    Without a folder's descriptor Python calls link(2), which links such a name as the symbolic link that it is.
    """
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.link(part, target.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Give a name beside `target` to write under; it becomes `target` at the end, or vanishes when that fails.

    Two workers may be at the same file when one of them was given up for dead: each writes under its own name.
    """
    draft = target.with_name(f"{target.name}.{os.getpid()}-{get_ident()}")
    try:
        yield draft
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    """Never the folder above it: on the bare place of a disk that is not mounted, files would seem to be gone."""
    if not folder.parent.is_dir():
        raise OSError(ENODEV, "The media disk is not there.")
    folder.mkdir(exist_ok=True, mode=0o700)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
