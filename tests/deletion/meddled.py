"""A disk on which something happens while previews are written, as on a storage that is slow."""

from collections.abc import Callable
from typing import ClassVar

from uploads.storage.disk import DiskStorage


class MeddledDisk(DiskStorage):
    """Calls `meddle` before each preview is written."""

    meddle: ClassVar[Callable[[], object]]

    def write(self, name: str, content: bytes) -> None:
        """Let it happen, then write."""
        type(self).meddle()
        super().write(name, content)
