"""Where files live: on a disk (`disk.py`) or in a bucket (`bucket.py`), by the settings; callers see no difference."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from errno import EDQUOT, ENOSPC, EROFS
from pathlib import Path
from uuid import UUID

from uploads.errors import EnvironmentalError, PermanentError
from uploads.storage.backend import backend
from uploads.storage.names import original_name, preview_name

__all__ = [
    "address_seconds",
    "begin_storage",
    "delete_files",
    "is_stored",
    "local_copy",
    "original_name",
    "preview_name",
    "read_file",
    "save_previews",
    "signed_address",
    "storage_answers",
    "store_original",
]


def begin_storage() -> None:
    """Make what an empty storage needs, before its first file. Raises OSError as `Place` says."""
    backend().begin()


def store_original(part: Path, key: UUID) -> None:
    """Store a completely received, synced file, which stays where it is; safe on disk or in the bucket afterwards.

    Repeating it replaces what is there: there is never a half-written original. Raises OSError as `Place` says.
    """
    backend().keep(part, original_name(key))


def is_stored(key: UUID) -> bool:
    """Whether the original is there. Raises OSError where storage cannot tell."""
    return backend().has(original_name(key))


@contextmanager
def local_copy(key: UUID) -> Iterator[Path]:
    """Give the original as a file on this machine, only to be read; a copy of a remote one is removed afterwards.

    A copy is written in pieces of 1 MiB. Raises PermanentError `file.missing` when storage is there and this file alone
    is not; EnvironmentalError `storage.away`, `storage.denied`, or `storage.temp_full` when a copy finds no room.
    """
    with ExitStack() as stack:
        try:
            path = stack.enter_context(backend().at_hand(original_name(key)))
        except FileNotFoundError as error:
            raise PermanentError("file.missing", "The stored file is gone. Add it once more.") from error
        except OSError as error:
            raise _trouble(error) from error
        yield path


def storage_answers() -> bool:
    """Whether storage as a whole can be reached: then what cannot be read is the trouble of one file alone."""
    return backend().answers()


def save_previews(key: UUID, previews: Mapping[int, bytes]) -> dict[str, str]:
    """Write the previews and return their storage names by longest side (as text, for a JSON field).

    Repeating it replaces them: the names follow from the key. Raises EnvironmentalError `storage.full`,
    `storage.denied`, `storage.away`.
    """
    names = {}
    for side, content in previews.items():
        name = preview_name(key, side)
        try:
            backend().write(name, content)
        except OSError as error:
            raise _trouble(error) from error
        names[str(side)] = name
    return names


def read_file(name: str) -> bytes:
    """Return a small stored file. Raises OSError as `Place` says."""
    return backend().read(name)


def delete_files(key: UUID, previews: Mapping[str, str]) -> None:
    """Remove the original and the previews; what is already gone is no error. Raises OSError as `Place` says."""
    backend().remove((original_name(key), *previews.values()))


def address_seconds() -> int:
    """Return how long addresses hold by which browsers fetch files from storage itself; 0: there are none."""
    return backend().address_seconds


def signed_address(name: str, method: str, content_type: str, cache_control: str, disposition: str = "") -> str:
    """Return an address at which anybody may fetch this file for `address_seconds`, once it is known who asks.

    `method` is GET or HEAD; the others are headers of the answer there.
    """
    facts = {"ResponseContentType": content_type, "ResponseCacheControl": cache_control}
    return backend().address(name, method, facts | ({"ResponseContentDisposition": disposition} if disposition else {}))


def _trouble(error: OSError) -> EnvironmentalError:
    """Say what is wrong with the storage: no file is to blame for it."""
    if error.errno in (ENOSPC, EDQUOT):
        return EnvironmentalError("storage.full", "Nothing more can be stored: the storage is full. Make room there.")
    if isinstance(error, PermissionError) or error.errno == EROFS:
        words = "The storage denies access. Look after its keys and rights, or how its disk is mounted."
        return EnvironmentalError("storage.denied", words)
    return EnvironmentalError("storage.away", "The stored files cannot be reached: is their storage running, mounted?")
