"""Which files of this machine a person means by the paths they gave."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batches.intake.file_name import displayable


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file and the path that it gets in its batch: the given folder's name, then its way down."""

    path: Path
    relative_path: str


@dataclass
class FileWalk:
    """Walks files and folders in the order given, each folder sorted by name; holds the names of one way down only.

    Left out are hidden files, and links that lead out of the folder they lie in (counted in `links`) or to a folder.
    What should be there and is not (folders that cannot be read, links to nothing or in a circle) is told to `say`, a
    line each, and counted in `missed`.
    """

    paths: list[Path]
    say: Callable[[str], object]
    links: int = 0
    missed: int = 0

    def files(self) -> Iterator[FoundFile]:
        """Yield the files, each with a path of its own."""
        for path, label in zip(self.paths, _labels(self.paths), strict=True):
            if path.is_dir():
                yield from self._folder(path, label)
            else:
                yield FoundFile(path, label)

    def _folder(self, top: Path, label: str) -> Iterator[FoundFile]:
        """A stack of our own: folders may lie deeper than Python's calls may go."""
        root = top.resolve()
        way = [(top, label, self._names(top))]
        while way:
            folder, above, names = way[-1]
            name = next(names, None)
            if name is None:
                way.pop()
                continue
            path, below = folder / name, f"{above}/{name}" if above else name
            mode = self._mode(path)
            if stat.S_ISDIR(mode):
                way.append((path, below, self._names(path)))
            elif self._is_of_tree(path, root) if stat.S_ISLNK(mode) else mode:
                yield FoundFile(path, below)

    def _mode(self, path: Path) -> int:
        """What is gone since its name was read has none."""
        try:
            return path.lstat().st_mode
        except OSError as error:
            self._miss(f"This could not be looked at: {path}: {error.strerror}")
            return 0

    def _names(self, folder: Path) -> Iterator[str]:
        """Names alone are kept, as a folder may hold hundreds of thousands."""
        try:
            names = [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 (no Path for each)
        except OSError as error:
            self._miss(f"This folder could not be read: {folder}: {error.strerror}")
            return iter(())
        names.sort()
        return iter(names)

    def _is_of_tree(self, link: Path, root: Path) -> bool:
        """Links to folders of the tree are left out too: those are walked anyway, and links may turn in circles."""
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: a circle of links
            self._miss(f"This link leads nowhere: {link}")
            return False
        inside = target.is_relative_to(root)
        self.links += not inside
        return inside and not target.is_dir()

    def _miss(self, line: str) -> None:
        self.missed += 1
        self.say(displayable(line))


def _labels(paths: Iterable[Path]) -> list[str]:
    """Name each path by its last part; where two have the same one, the later gets its whole path."""
    taken: dict[str, Path] = {}
    labels = []
    for path in paths:
        whole = path.resolve()
        label = path.name if path.is_file() else whole.name
        if taken.setdefault(label, whole) != whole:
            label = str(whole).lstrip("/")
        labels.append(label)
    return labels
