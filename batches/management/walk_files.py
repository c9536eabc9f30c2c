"""Find the files in the paths that were passed to a command."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batches.intake.file_name import displayable


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file and its path in the batch, which starts with the label of a path passed to the command (see `_labels`).

    If `is_readable` is false, this is a folder or a link that cannot be read.
    """

    path: Path
    relative_path: str
    is_readable: bool = True


class Unreadable(Exception):
    """A path cannot be read. The exception's message says why."""


@dataclass
class FileWalk:
    """Walks the paths in the given order, and the contents of each folder sorted by name.

    Inside a folder, it skips links to folders, and links that point outside the folder passed to the command; `links`
    counts the links that point outside. It yields each unreadable folder and each broken or circular link as a file
    that is not readable, and reports the reason with `write`. Only the names in the current folder and its parents are
    kept in memory.
    """

    paths: list[Path]
    write: Callable[[str], object]
    links: int = 0

    def files(self) -> Iterator[FoundFile]:
        """Yield the files. Different files have different relative paths."""
        for path, label in zip(self.paths, _labels(self.paths), strict=True):
            try:
                yield from self._folder(path, label) if path.is_dir() else [FoundFile(path, label)]
            except Unreadable as error:
                yield self._report(path, label, error)

    def _folder(self, top: Path, label: str) -> Iterator[FoundFile]:
        """Yield the files in a folder. Raises Unreadable if this folder itself cannot be read.

        This method uses an explicit stack, because folders may be nested deeper than Python's recursion limit.
        """
        root = top.resolve()
        stack = [(top, label, _names(top))]
        while stack:
            folder, prefix, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
                continue
            path, relative_path = folder / name, f"{prefix}/{name}" if prefix else name
            try:
                mode = _mode(path)
                if stat.S_ISDIR(mode):
                    stack.append((path, relative_path, _names(path)))
                elif not stat.S_ISLNK(mode) or self._is_inside(path, root):
                    yield FoundFile(path, relative_path)
            except Unreadable as error:
                yield self._report(path, relative_path, error)

    def _is_inside(self, link: Path, root: Path) -> bool:
        """Return whether the link leads to a file (not a folder) below the root. Raises Unreadable."""
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # circular links raise RuntimeError
            raise Unreadable(f"Broken link: {link}") from None
        inside = target.is_relative_to(root)
        self.links += not inside
        return inside and not target.is_dir()

    def _report(self, path: Path, relative_path: str, error: Unreadable) -> FoundFile:
        self.write(displayable(str(error)))
        return FoundFile(path, relative_path, is_readable=False)


def _mode(path: Path) -> int:
    """Return the file's mode. Raises Unreadable."""
    try:
        return path.lstat().st_mode
    except OSError as error:
        raise Unreadable(f"Cannot access {path}: {error.strerror}") from None


def _names(folder: Path) -> Iterator[str]:
    """Return the names in the folder, sorted. Raises Unreadable.

    The names are not turned into Path objects, because there may be hundreds of thousands of names.
    """
    try:
        names = os.listdir(folder)  # noqa: PTH208 (no Path for each)
    except OSError as error:
        raise Unreadable(f"Cannot read the folder {folder}: {error.strerror}") from None
    names.sort()
    return iter(names)


def _labels(paths: Iterable[Path]) -> list[str]:
    """Return a label for each path: its last part, or the whole path if a different earlier path has that label."""
    used: dict[str, Path] = {}
    labels = []
    for path in paths:
        absolute = path.resolve()
        label = path.name if path.is_file() else absolute.name
        if used.setdefault(label, absolute) != absolute:
            label = str(absolute).lstrip("/")
        labels.append(label)
    return labels
