"""Find the files and folders that were passed to a command."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batches.intake.file_name import displayable


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file and its path in the batch. The path starts with the name of the folder that was passed to the command."""

    path: Path
    relative_path: str


@dataclass
class FileWalk:
    """Walks the paths in the given order, and the content of each folder sorted by name.

    Inside a folder, it skips links to folders, and links that point outside the folder passed to the command; `links`
    counts the links that point outside. It reports each unreadable folder and each broken or circular link with
    `write`, and counts them in `missed`. Only the names in the current folder and its parents are kept in memory.
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
        """Yield the files in a folder.

        This method uses an explicit stack, because folders may be nested deeper than Python's recursion limit.
        """
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
        """Return the file's mode. If the file cannot be accessed, report that and return 0."""
        try:
            return path.lstat().st_mode
        except OSError as error:
            self._report(f"Cannot access {path}: {error.strerror}")
            return 0

    def _names(self, folder: Path) -> Iterator[str]:
        """Return the folder's sorted names. No Path is created for each, because there may be hundreds of thousands."""
        try:
            names = os.listdir(folder)  # noqa: PTH208 (no Path for each)
        except OSError as error:
            self._report(f"Cannot read the folder {folder}: {error.strerror}")
            return iter(())
        names.sort()
        return iter(names)

    def _is_inside(self, link: Path, root: Path) -> bool:
        """Return whether the link leads to a file (not a folder) below the root."""
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
    """Return a label for each path: its last part, or the whole path if an earlier path has the same last part."""
    used: dict[str, Path] = {}
    labels = []
    for path in paths:
        absolute = path.resolve()
        label = path.name if path.is_file() else absolute.name
        if used.setdefault(label, absolute) != absolute:
            label = str(absolute).lstrip("/")
        labels.append(label)
    return labels
