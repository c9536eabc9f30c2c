"""Which files of this machine a person means by the paths they gave."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A file and the path that it gets in its batch: the given folder's name, then its way down."""

    path: Path
    relative_path: str


@dataclass
class Walk:
    """Walks files and folders in the order given, each folder sorted by name, one folder in memory at a time.

    Left out are hidden files, and links that lead out of the folder they lie in (counted in `links`) or to a folder.
    Folders that cannot be read are collected in `unreadable`, with the system's words.
    """

    paths: list[Path]
    links: int = 0
    unreadable: list[str] = field(default_factory=list)

    def files(self) -> Iterator[Found]:
        """Yield the files, each with a path of its own."""
        for path, label in zip(self.paths, _labels(self.paths), strict=True):
            if path.is_dir():
                yield from self._folder(path, label, path.resolve())
            else:
                yield Found(path, label)

    def _folder(self, folder: Path, label: str, root: Path) -> Iterator[Found]:
        for entry in self._entries(folder):
            below = f"{label}/{entry.name}" if label else entry.name
            if entry.is_symlink():
                yield from self._link(Path(entry.path), below, root)
            elif entry.is_dir():
                yield from self._folder(Path(entry.path), below, root)
            else:
                yield Found(Path(entry.path), below)

    def _entries(self, folder: Path) -> "list[os.DirEntry[str]]":
        try:
            with os.scandir(folder) as entries:
                seen = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            self.unreadable.append(f"{folder}: {error.strerror}")
            return []
        return sorted(seen, key=lambda entry: entry.name)

    def _link(self, path: Path, label: str, root: Path) -> Iterator[Found]:
        """Links to folders of the tree are left out too: those are walked anyway, and links may turn in circles."""
        target = path.resolve()
        if target.is_relative_to(root) and target.is_file():
            yield Found(path, label)
        elif not target.is_relative_to(root):
            self.links += 1


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
