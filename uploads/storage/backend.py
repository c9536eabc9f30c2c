"""The interface of a storage backend; the backends in settings.STORAGES implement it on top of Django's Storage."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, cast

from django.core.files.storage import default_storage


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; an empty result means the end."""


class StorageBackend(Protocol):
    """Stores files under names. A file becomes visible only when it is completely written.

    Every backend raises the same OSErrors as a disk. FileNotFoundError means that only this file is missing, and
    PermissionError that access is denied. The errno ENOSPC or EDQUOT means that the storage is full. EIO, EUCLEAN or
    EBADMSG means that only this file is unreadable, if the storage works otherwise. Any other OSError means that the
    storage is unavailable.

    `signed_url_seconds` is how long signed URLs are valid, or 0 if the backend has no signed URLs.
    """

    signed_url_seconds: int

    def prepare(self) -> None:
        """Prepare an empty storage. If what this creates is missing later, the storage counts as unavailable."""

    def store_file(self, source: Path, name: str) -> None:
        """Store the content of `source` durably. `source` itself is not removed."""

    def local_copy(self, name: str) -> AbstractContextManager[Path]:
        """Return a context manager that yields a local path from which the file can be read."""

    def open_at(self, name: str, offset: int) -> AbstractContextManager["Readable"]:
        """Return a context manager that yields a stream of the file's bytes, starting at `offset`."""

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, replacing an existing one."""

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""

    def has_file(self, name: str) -> bool:
        """Return whether the file exists."""

    def delete_files(self, names: Iterable[str]) -> None:
        """Delete files; missing ones are ignored."""

    def is_available(self) -> bool:
        """Return whether the storage as a whole is reachable. Never raises OSError."""

    def signed_url(self, name: str, method: str, headers: Mapping[str, str]) -> str:
        """Return a URL at which anyone can fetch the file; `headers` are parameters of S3's GetObject."""


def backend() -> StorageBackend:
    """Return the backend named in the settings."""
    return cast(StorageBackend, default_storage)
