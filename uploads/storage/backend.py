"""What every kind of storage can do: the backends that STORAGES names are places as well as Django storages."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, cast

from django.core.files.storage import default_storage


class StorageBackend(Protocol):
    """Files by name, written whole or not at all.

    Every kind fails as a disk does, by OSError: FileNotFoundError (this file alone is not there), PermissionError
    (access denied), errno ENOSPC or EDQUOT (full); any other means that the place cannot be reached.

    `address_seconds`: how long the addresses hold that it gives to browsers; 0: it gives none.
    """

    address_seconds: int

    def begin(self) -> None:
        """Make what an empty place needs. A place where files were stored before has it, or is not reached."""

    def keep(self, part: Path, name: str) -> None:
        """Store the bytes of `part`, which stays where it is; they are safe when this returns."""

    def at_hand(self, name: str) -> AbstractContextManager[Path]:
        """Give the file on this machine for a block, only to be read."""

    def write(self, name: str, content: bytes) -> None:
        """Store a few bytes in place of what is there."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a small file."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; what is gone already is no error."""

    def answers(self) -> bool:
        """Whether the place as a whole can be reached. Never raises OSError."""

    def address(self, name: str, method: str, facts: Mapping[str, str]) -> str:
        """Return an address by which anybody may fetch the file for `address_seconds`."""


def backend() -> StorageBackend:
    """Return where files are kept, by the settings."""
    return cast(StorageBackend, default_storage)
