"""Where files live. Names in storage are opaque; a name from outside is data and never part of a path."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import get_ident
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage

from uploads.errors import EnvironmentalError, MediaError, PermanentError


def original_name(key: UUID) -> str:
    """Return the storage name of the original bytes of the upload with this key."""
    return f"originals/{key.hex[:2]}/{key.hex}"


def preview_name(key: UUID, side: int) -> str:
    """Return the storage name of the preview whose longest side is at most `side` pixels."""
    return f"previews/{key.hex[:2]}/{key.hex}-{side}.jpg"


def store_original(part: Path, key: UUID) -> None:
    """Move a completely received, synced file into storage; afterwards `part` is gone.

    On a local disk it is one rename, so there is never a half-written original. Raises OSError where the disk refuses.
    """
    name = original_name(key)
    if isinstance(default_storage, FileSystemStorage):
        target = Path(default_storage.path(name))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.replace(target)
        sync_folder(target.parent)
        return
    with part.open("rb") as stream:
        default_storage.save(name, File(stream))
    part.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def local_copy(key: UUID) -> Iterator[Path]:
    """Give the original as a file on this machine; a copy of a remote one is removed afterwards.

    Raises EnvironmentalError (`storage.away`) when storage does not hand it out, PermanentError (`file.missing`) when
    storage is there and this file alone is not.
    """
    name = original_name(key)
    if isinstance(default_storage, FileSystemStorage):
        path = Path(default_storage.path(name))
        if not path.exists():
            raise _missing(path)
        yield path
        return
    with NamedTemporaryFile() as copy:
        try:
            with default_storage.open(name) as stream:
                shutil.copyfileobj(stream, copy)
        except OSError as error:
            raise EnvironmentalError("storage.away", "The storage of the files does not answer.") from error
        copy.flush()
        yield Path(copy.name)


def _missing(path: Path) -> MediaError:
    """Say why a file of the local disk is not there: an unmounted disk has not even the folder of all originals."""
    if path.parent.parent.is_dir():
        return PermanentError("file.missing", "The stored file is gone from the media disk. Add it once more.")
    return EnvironmentalError("storage.away", "The stored files cannot be reached. Is the media disk mounted?")


def storage_answers() -> bool:
    """Whether storage as a whole can be reached: then what cannot be read is the trouble of one file alone."""
    try:
        return any(default_storage.listdir("originals"))
    except OSError:
        return False


def save_previews(key: UUID, previews: Mapping[int, bytes]) -> dict[str, str]:
    """Write the previews and return their storage names by longest side (as text, for a JSON field).

    Repeating it replaces them: the names follow from the key. Raises EnvironmentalError (`storage.full`).
    """
    names = {}
    for side, content in previews.items():
        name = preview_name(key, side)
        try:
            _replace(name, content)
        except OSError as error:
            raise EnvironmentalError(
                "storage.full", "The previews cannot be written: is the media disk full?"
            ) from error
        names[str(side)] = name
    return names


def _replace(name: str, content: bytes) -> None:
    """Write `content` under exactly this name, never leaving a half-written file under it."""
    if not isinstance(default_storage, FileSystemStorage):
        default_storage.delete(name)
        default_storage.save(name, ContentFile(content))
        return
    target = Path(default_storage.path(name))
    # Two workers may be at the same file when one of them was given up for dead: each writes under its own name.
    draft = target.with_name(f"{target.name}.{os.getpid()}-{get_ident()}")
    try:
        _write(draft, content)
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _write(path: Path, content: bytes) -> None:
    """Write a file; its folder is made when it turns out to be missing, which is seldom."""
    try:
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)


def delete_files(key: UUID, previews: Mapping[str, str]) -> None:
    """Remove the original and the previews; what is already gone is no error."""
    for name in (original_name(key), *previews.values()):
        default_storage.delete(name)
