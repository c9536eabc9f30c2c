"""The manifest of an export: one line per file, in the format of sha256sum.

Each file is first written under a temporary name, then added to the manifest, and then renamed. After a crash, the
manifest may list a file that does not exist, but every file with its final name is listed. So no file is copied twice
under different names.
"""

import re
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self

NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)\n")


class Manifest:
    """Maps the SHA-256 of each exported file to its path below the export's folder. Use it in a `with` block."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME
        # Digests as bytes take half the memory of their hex digits.
        self._paths = dict(_read(self._file))

    def __enter__(self) -> Self:
        is_new = not self._file.exists()
        self._lines = self._file.open("a", encoding="utf-8")
        if not is_new:
            self._lines.write("\n")  # an interrupted run may have left an incomplete line
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.close()

    def __len__(self) -> int:
        return len(self._paths)

    def path(self, sha256: str) -> str | None:
        """Return the path of the file with this digest, or None if the manifest does not list it."""
        return self._paths.get(bytes.fromhex(sha256))

    def paths_by_folder(self) -> dict[str, list[str]]:
        """Return the paths in the manifest, grouped by their folder."""
        folders = defaultdict(list)
        for path in self._paths.values():
            folders[path.rpartition("/")[0]].append(path)
        return folders

    def add(self, sha256: str, path: str) -> None:
        """Add a file, which must be completely written, to the manifest."""
        self._lines.write(f"{sha256}  {path}\n")
        self._lines.flush()
        self._paths[bytes.fromhex(sha256)] = path

    def tidy(self) -> None:
        """Rewrite the manifest without blank and incomplete lines, which repeated and interrupted runs leave behind."""
        draft = self._file.with_name(f".{NAME}.partial")
        with draft.open("w", encoding="utf-8") as lines:
            lines.writelines(f"{digest.hex()}  {path}\n" for digest, path in self._paths.items())
        draft.replace(self._file)


def _read(file: Path) -> list[tuple[bytes, str]]:
    """Return the complete lines of a manifest."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", errors="replace") as lines:
        return [(bytes.fromhex(line[1]), line[2]) for line in map(_LINE.fullmatch, lines) if line]
