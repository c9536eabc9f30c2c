"""ZIP archives for tests."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from uploads.archives.zip_directory import ReadAt


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def reader(data: bytes | Path) -> ReadAt:
    """Return a function that reads byte ranges of an archive in memory or on disk."""

    def read_at(offset: int, length: int) -> bytes:
        if isinstance(data, bytes):
            return data[offset : offset + length]
        with data.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    return read_at
