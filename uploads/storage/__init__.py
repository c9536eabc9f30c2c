"""Store originals and previews on disk (`disk.py`) or in a bucket (`s3.py`), depending on the settings."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from errno import (
    EACCES,
    EBADMSG,
    EDQUOT,
    EIO,
    ENODEV,
    ENOENT,
    ENOSPC,
    ENOTCONN,
    ENOTDIR,
    EPERM,
    EREMOTEIO,
    EROFS,
    ESTALE,
    EUCLEAN,
)
from pathlib import Path
from uuid import UUID

from uploads.errors import EnvironmentalError, PermanentError, ProcessingError
from uploads.storage.backend import Readable, backend

_CODES = {
    **dict.fromkeys((ENOSPC, EDQUOT), "storage.full"),
    EROFS: "storage.read_only",
    **dict.fromkeys((EACCES, EPERM), "storage.denied"),
    **dict.fromkeys((ENODEV, ENOENT, ENOTCONN, ENOTDIR, EREMOTEIO, ESTALE), "storage.away"),
}
_FILE_ERRORS = frozenset({EBADMSG, EIO, EUCLEAN})
READ_BYTES = 2**20


def original_name(key: UUID) -> str:
    """Return the storage name of an upload's original. Storage names never contain text from users."""
    return f"originals/{key.hex[:2]}/{key.hex}"


def preview_name(key: UUID, side: int) -> str:
    """Return the storage name of the preview whose longest side is at most `side` pixels."""
    return f"previews/{key.hex[:2]}/{key.hex}-{side}.jpg"


def prepare_storage() -> None:
    """Prepare an empty storage, so that files can be stored in it. Raises OSError (see StorageBackend)."""
    backend().prepare()


def store_original(partial_file: Path, key: UUID) -> None:
    """Store a completely received and synced file durably as an original. `partial_file` itself is not removed.

    Repeating the call replaces the original. A half-written original is never visible. Raises OSError (see
    StorageBackend).
    """
    backend().store_file(partial_file, original_name(key))


def is_stored(key: UUID) -> bool:
    """Return whether the original is stored. Raises OSError if the storage is unavailable.

    An original that the disk can no longer access because of a defect counts as not stored.
    """
    try:
        return backend().has_file(original_name(key))
    except OSError as error:
        if not _is_file_error(error):
            raise
        return False


@contextmanager
def local_copy(key: UUID) -> Iterator[Path]:
    """Yield a local path from which the original can be read. If it is a downloaded copy, it is removed afterwards.

    Raises PermanentError `file.missing` or `original.unreadable` if only this file is at fault. Otherwise, raises
    EnvironmentalError with a code from `error_code`, or `storage.temp_full` if there is no space for a copy.
    """
    with ExitStack() as stack:
        try:
            path = stack.enter_context(backend().local_copy(original_name(key)))
        except OSError as error:
            raise _read_error(error) from error
        yield path


@contextmanager
def open_original(key: UUID, offset: int) -> Iterator[Readable]:
    """Yield a stream of the original's bytes, starting at `offset`. Reads may raise OSError.

    Opening the stream raises the same errors as `local_copy`, except `storage.temp_full`.
    """
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(backend().open_at(original_name(key), offset))
        except OSError as error:
            raise _read_error(error) from error
        yield stream


def read_original(key: UUID) -> Iterator[bytes]:
    """Yield the bytes of the original in pieces. Raises the same errors as `local_copy`, except `storage.temp_full`."""
    try:
        with backend().open_at(original_name(key), 0) as stream:
            while piece := stream.read(READ_BYTES):
                yield piece
    except OSError as error:
        raise _read_error(error) from error


def _read_error(error: OSError) -> ProcessingError:
    """Return a PermanentError if only this file is at fault, otherwise an EnvironmentalError."""
    if isinstance(error, FileNotFoundError):
        return PermanentError("file.missing")
    if _is_file_error(error):
        return PermanentError("original.unreadable")
    return EnvironmentalError(error_code(error))


def _is_file_error(error: OSError) -> bool:
    """Return whether the error concerns only this file, while the storage as a whole works."""
    return error.errno in _FILE_ERRORS and storage_available()


def storage_available() -> bool:
    """Return whether the storage as a whole works. If so, a file that cannot be read is itself at fault."""
    return backend().is_available()


def save_previews(key: UUID, previews: Mapping[int, bytes]) -> dict[str, str]:
    """Write the previews and return their storage names, keyed by longest side (as text, for a JSON field).

    Repeating the call replaces the previews, since their names depend only on `key` and size. Raises
    EnvironmentalError with a code from `error_code`.
    """
    names = {}
    for side, content in previews.items():
        name = preview_name(key, side)
        try:
            backend().write(name, content)
        except OSError as error:
            raise EnvironmentalError(error_code(error)) from error
        names[str(side)] = name
    return names


def read_file(name: str) -> bytes:
    """Return the content of a small stored file. Raises OSError (see StorageBackend)."""
    return backend().read(name)


def delete_files(key: UUID, previews: Mapping[str, str]) -> None:
    """Delete the original and the previews; missing files are ignored. Raises OSError (see StorageBackend)."""
    backend().delete_files((original_name(key), *previews.values()))


def signed_url_seconds() -> int:
    """Return how long signed URLs are valid, or 0 if the storage has none; this process or nginx then sends files."""
    return backend().signed_url_seconds


def signed_url(name: str, method: str, content_type: str, cache_control: str, disposition: str = "") -> str:
    """Return a URL at which anyone can fetch the file for `signed_url_seconds()`. The caller must check ownership.

    `method` is GET or HEAD; the arguments after it are headers of the response.
    """
    headers = {"ResponseContentType": content_type, "ResponseCacheControl": cache_control}
    if disposition:
        headers["ResponseContentDisposition"] = disposition
    return backend().signed_url(name, method, headers)


def error_code(error: OSError) -> str:
    """Return the code for an error of the storage or a disk as a whole, rather than of a single file."""
    return _CODES.get(error.errno or 0, "storage.failed")
