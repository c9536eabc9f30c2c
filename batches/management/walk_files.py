"""Find the files under the paths given to a command."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batches.intake.file_name import displayable


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file and its path within its batch: the name of the given folder, then the path below it."""

    path: Path
    relative_path: str


@dataclass
class FileWalk:
    """Walks files and folders in the given order, each folder sorted by name. Memory: the names of one branch.

    Skips hidden files, links to folders, and links that lead out of the given folder (counted in `links`). Unreadable
    folders and broken or circular links are reported by `write`, one line each, and counted in `missed`.
    """

    paths: list[Path]
    write: Callable[[str], object]
    links: int = 0
    missed: int = 0

    def files(self) -> Iterator[FoundFile]:
        """Yield the files, each with a unique relative path."""
        for path, label in zip(self.paths, _labels(self.paths), strict=True):
            if path.is_dir():
                yield from self._folder(path, label)
            else:
                yield FoundFile(path, label)

    def _folder(self, top: Path, label: str) -> Iterator[FoundFile]:
        """Walk with an explicit stack, because folders may be nested deeper than Python's recursion limit."""
        root = top.resolve()
        stack = [(top, label, self._names(top))]
        while stack:
            folder, prefix, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
                continue
            path, relative_path = folder / name, f"{prefix}/{name}" if prefix else name
            mode = self._mode(path)
            if stat.S_ISDIR(mode):
                stack.append((path, relative_path, self._names(path)))
            elif self._is_inside(path, root) if stat.S_ISLNK(mode) else mode:
                yield FoundFile(path, relative_path)

    def _mode(self, path: Path) -> int:
        """Return the mode, or 0 for a file that has vanished since its name was read."""
        try:
            return path.lstat().st_mode
        except OSError as error:
            self._report(f"Cannot access {path}: {error.strerror}")
            return 0

    def _names(self, folder: Path) -> Iterator[str]:
        """Return the sorted names, and only names, because a folder may contain hundreds of thousands."""
        try:
            names = [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 (no Path for each)
        except OSError as error:
            self._report(f"Cannot read the folder {folder}: {error.strerror}")
            return iter(())
        names.sort()
        return iter(names)

    def _is_inside(self, link: Path, root: Path) -> bool:
        """Return whether the link leads to a file below the root. Linked folders are not followed."""
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: circular links
            self._report(f"Broken link: {link}")
            return False
        inside = target.is_relative_to(root)
        self.links += not inside
        return inside and not target.is_dir()

    def _report(self, line: str) -> None:
        self.missed += 1
        self.write(displayable(line))


def _labels(paths: Iterable[Path]) -> list[str]:
    """Return a label for each path: its last part, or its whole path if an earlier one has the same last part."""
    used: dict[str, Path] = {}
    labels = []
    for path in paths:
        absolute = path.resolve()
        label = path.name if path.is_file() else absolute.name
        if used.setdefault(label, absolute) != absolute:
            label = str(absolute).lstrip("/")
        labels.append(label)
    return labels
