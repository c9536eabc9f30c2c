"""Stream stored originals as one ZIP archive, without keeping whole files in memory.

The archive is not compressed, because pictures and videos already are. Its last file lists the SHA-256 of all others in
the format of sha256sum. This list includes originals that are missing from the storage, so that `sha256sum -c` reports
them. If the storage becomes unavailable, the stream is aborted, so that an incomplete archive does not look complete.
"""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from stat import S_IFREG
from threading import Lock
from uuid import UUID

from stream_zip import ZIP_AUTO, MemberFile, stream_zip

from uploads.errors import PermanentError
from uploads.export.file_names import FolderNames
from uploads.models import Upload
from uploads.storage import open_original

CHUNK_BYTES = 256 * 1024
CHECKSUMS = "SHA256SUMS.txt"
MODE = S_IFREG | 0o644
# All archives of this process share two threads. Each task reads one chunk, so that archives take turns.
_threads = ThreadPoolExecutor(2, thread_name_prefix="zip")
# The range of times that ZIP can store both as MS-DOS time and as 32-bit Unix time.
_EARLIEST, _LATEST = datetime(1980, 1, 2, tzinfo=UTC), datetime(2038, 1, 18, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """An original, and its name in the archive."""

    name: str
    key: UUID
    size: int
    sha256: str
    modified_at: datetime


def zip_entries(uploads: Iterable[Upload]) -> list[ZipEntry]:
    """Return an entry for each upload. Names that are equal, or differ only in case, are numbered."""
    names = FolderNames([CHECKSUMS])
    return [
        ZipEntry(
            names.claim(upload.filename),
            upload.key,
            upload.size,
            upload.sha256,
            min(max(upload.taken_at or upload.created_at, _EARLIEST), _LATEST),
        )
        for upload in uploads
    ]


async def stream_archive(entries: Iterable[ZipEntry]) -> AsyncIterator[bytes]:
    """Yield the archive in chunks of about CHUNK_BYTES. Uses no database connection."""
    chunks, lock = _archive(entries), Lock()

    def read() -> bytes:
        with lock:
            return next(chunks, b"")

    def close() -> None:
        with lock:  # a cancelled read may still be running
            chunks.close()

    try:
        while chunk := await asyncio.get_running_loop().run_in_executor(_threads, read):
            yield chunk
    finally:
        _threads.submit(close)


def _archive(entries: Iterable[ZipEntry]) -> Generator[bytes, None, None]:
    with closing(_members(entries)) as members:
        yield from stream_zip(members, chunk_size=CHUNK_BYTES)


def _members(entries: Iterable[ZipEntry]) -> Generator[MemberFile, None, None]:
    checksums = []
    for entry in entries:
        checksums.append(f"{entry.sha256}  {entry.name}\n")
        with suppress(PermanentError), open_original(entry.key, 0) as stream:
            content = iter(lambda: stream.read(CHUNK_BYTES), b"")
            yield entry.name, entry.modified_at, MODE, ZIP_AUTO(entry.size, level=0), content
    text = "".join(checksums).encode()
    yield CHECKSUMS, datetime.now(UTC), MODE, ZIP_AUTO(len(text)), (text,)
