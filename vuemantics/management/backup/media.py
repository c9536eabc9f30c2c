"""Copy stored files into a backup and restore them. Both can be interrupted and repeated.

Stored files may be replaced, but never change in place, and a copy gets its final name only when it is complete. A
target file of the right size that is not older than its source is therefore a finished copy. The manifest has one line
per file, in the format of sha256sum.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from errno import EXDEV
from pathlib import Path

from uploads.storage.disk import HARD_LINKS_UNSUPPORTED, sync_path
from uploads.storage.orphaned_files import FILE_NAME, FOLDERS
from vuemantics.localstack import StartError

Report = Callable[[int], object]
"""A progress callback. Its argument is the number of files done so far."""
SHOWN = 5


class MediaBackup:
    """Copies the files of `source` to `target` and records their checksums in `manifest`."""

    def __init__(self, source: Path, target: Path, manifest: Path) -> None:
        self.source, self.target, self.manifest = source, target, manifest
        self._draft = manifest.with_name(f".{manifest.name}.new")
        self._known = dict(read_manifest(manifest)) | dict(read_manifest(self._draft))
        self._checksums: dict[str, str] = {}

    def copy(self, report: Report) -> None:
        """Copy all files that this object has not copied yet, except files that are deleted in the meantime."""
        with self._draft.open("a", encoding="ascii") as lines:
            lines.write("\n")  # an interrupted run may have left an incomplete line
            for name in stored_names(self.source):
                if name in self._checksums:
                    continue
                try:
                    copied = copy_file(self.source / name, self.target / name)
                    checksum = "" if copied else self._known.get(name, "")
                    checksum = checksum or file_checksum(self.target / name)
                except FileNotFoundError:
                    continue
                lines.write(f"{checksum}  {name}\n")
                self._checksums[name] = checksum
                report(len(self._checksums))

    def finish(self) -> int:
        """Replace the manifest with one that lists exactly the files of this run; return how many there are."""
        with self._draft.open("w", encoding="ascii") as lines:
            lines.writelines(f"{checksum}  {name}\n" for name, checksum in self._checksums.items())
        self._draft.replace(self.manifest)
        return len(self._checksums)


def restore_media(source: Path, target: Path, manifest: Path, report: Report) -> int:
    """Copy the files that the manifest lists, verify them, and return how many there are.

    Raises StartError if `target` contains other files, or if files of the backup are missing or damaged.
    """
    checksums = dict(read_manifest(manifest))
    for name in stored_names(target):
        if name not in checksums:
            raise StartError(f"{target} contains other files ({name}). Move that directory away, then restore again.")
    bad = []
    for count, (name, checksum) in enumerate(checksums.items(), 1):
        try:
            copy_file(source / name, target / name)
            if file_checksum(target / name) != checksum:
                (target / name).unlink()
                bad.append(name)
        except FileNotFoundError:
            bad.append(name)
        report(count)
    if bad:
        names = ", ".join(bad[:SHOWN]) + (", …" if len(bad) > SHOWN else "")
        raise StartError(
            f"{len(bad)} files in {source} are missing or damaged ({names}). The database was not restored."
        )
    return len(checksums)


def stored_names(folder: Path) -> Iterator[str]:
    """Yield the names of all stored files below `folder`, leaving out temporary files."""
    for top in FOLDERS:
        for directory in sorted((folder / top).glob("*")):
            names = (f"{top}/{directory.name}/{path.name}" for path in sorted(directory.glob("*")))
            yield from filter(is_stored_name, names)


def is_stored_name(name: str) -> bool:
    """Return whether `name` is the storage name of an original or a preview."""
    top, _, rest = name.partition("/")
    directory, _, file = rest.partition("/")
    return top in FOLDERS and bool(re.fullmatch("[0-9a-f]{2}", directory) and FILE_NAME.fullmatch(file))


def read_manifest(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and checksum in each complete line, or nothing if there is no manifest."""
    if path.exists():
        with path.open(encoding="ascii") as lines:
            for line in lines:
                checksum, _, name = line.removesuffix("\n").partition("  ")
                if line.endswith("\n") and len(checksum) == 64 and is_stored_name(name):
                    yield name, checksum


def copy_file(source: Path, target: Path) -> bool:
    """Link or copy a file. Return False, and do nothing, if `target` is already a finished copy."""
    wanted = source.stat()
    if target.exists():
        found = target.stat()
        if found.st_size == wanted.st_size and found.st_mtime_ns >= wanted.st_mtime_ns:
            return False
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    try:
        draft.hardlink_to(source)
    except OSError as error:
        if error.errno not in HARD_LINKS_UNSUPPORTED | {EXDEV}:
            raise
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        sync_path(draft)
    draft.replace(target)
    return True


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
