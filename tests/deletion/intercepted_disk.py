"""A disk storage that lets tests make changes while previews are being written."""

from collections.abc import Callable
from typing import ClassVar

from uploads.storage.disk import DiskStorage


class InterceptedDisk(DiskStorage):
    """A storage that calls `before_write` before it writes each preview."""

    before_write: ClassVar[Callable[[], object]]

    def write(self, name: str, content: bytes) -> None:
        type(self).before_write()
        super().write(name, content)
