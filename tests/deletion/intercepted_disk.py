"""A disk storage for tests of changes while previews are written."""

from collections.abc import Callable
from typing import ClassVar

from uploads.storage.disk import DiskStorage


class InterceptedDisk(DiskStorage):
    """Calls `before_write` before each preview is written."""

    before_write: ClassVar[Callable[[], object]]

    def write(self, name: str, content: bytes) -> None:
        """Call the function, then write."""
        type(self).before_write()
        super().write(name, content)
