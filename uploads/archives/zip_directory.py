"""Read the central directory of a ZIP archive, including ZIP64, using a function that reads byte ranges.

Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3 and 4.5). Python's `zipfile` is not used,
because it loads the whole directory into memory, and would do so again for each file that is unpacked.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from uploads.errors import PermanentError

ReadAt = Callable[[int, int], bytes]
"""Takes an offset and a length, and returns that many bytes of the archive, or fewer at its end."""

BLOCK = 2**20
END = struct.Struct("<4s4H2LH")
END64_LOCATOR = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
HEADER = struct.Struct("<4s6H3L5H2L")
MAX_COMMENT = 0xFFFF
MAX16, MAX32 = 0xFFFF, 0xFFFF_FFFF
ENCRYPTED = 0x41
"""The flag bits for encryption (0x01) and strong encryption (0x40) of an entry."""
UTF8 = 0x800
UNIX_HOSTS = frozenset({3, 19})
LINK, TYPE_MASK = 0xA000, 0xF000
ZIP64_FIELD, UNICODE_PATH_FIELD = 0x0001, 0x7075


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file of an archive.

    `offset` is the position of its local header. `compressed` and `size` are its packed and unpacked sizes in bytes.
    """

    path: str
    offset: int
    compressed: int
    size: int
    crc: int
    method: int
    encrypted: bool = False
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class _Directory:
    start: int
    size: int
    entries: int
    shift: int
    """The number of bytes before the archive, if it is self-extracting. The archive's offsets do not include them."""


def read_directory(read_at: ReadAt, archive_size: int, max_entries: int) -> Iterator[ZipEntry]:
    """Yield the files of an archive of `archive_size` bytes, but not its folders, in directory order.

    Raises PermanentError with the code `archive.truncated`, `archive.damaged`, `archive.split` or, if there are more
    than `max_entries` entries, `archive.too_many_files`.
    """
    directory = _find_directory(read_at, archive_size)
    if directory.entries > max_entries:
        raise PermanentError("archive.too_many_files", count=directory.entries, limit=max_entries)
    for record in _records(read_at, directory):
        entry = _read_entry(record, directory.shift)
        if entry.offset + entry.compressed > directory.start:
            raise PermanentError("archive.damaged")
        if not entry.path.endswith("/"):
            yield entry


def _records(read_at: ReadAt, directory: _Directory) -> Iterator[bytes]:
    """Yield the record of each entry. Only about one block of the directory is in memory at a time."""
    buffer, at, position, end = b"", 0, directory.start, directory.start + directory.size
    for _number in range(directory.entries):
        needed = HEADER.size
        for _part in range(2):
            if len(buffer) - at < needed:
                block = read_at(position, min(max(BLOCK, needed), end - position))
                buffer, at, position = buffer[at:] + block, 0, position + len(block)
            if len(buffer) - at < needed:
                raise PermanentError("archive.damaged")
            needed = HEADER.size + sum(HEADER.unpack_from(buffer, at)[10:13])
        yield buffer[at : at + needed]
        at += needed


def _find_directory(read_at: ReadAt, archive_size: int) -> _Directory:
    tail_start = max(0, archive_size - END.size - MAX_COMMENT)
    tail = read_at(tail_start, archive_size - tail_start)
    at = _find_end(tail)
    if at < 0:
        raise PermanentError("archive.split" if read_at(0, 4) == b"PK\7\x08" else "archive.truncated")
    _, disk, start_disk, here, entries, size, start, _comment = END.unpack_from(tail, at)
    end_at = tail_start + at
    if MAX16 in {disk, start_disk, here, entries} or MAX32 in {size, start}:
        found = _find_end64(read_at, end_at)
        if found is not None:
            disk, start_disk, here, entries, size, start, end_at = found
    if disk or start_disk or here != entries:
        raise PermanentError("archive.split")
    shift = end_at - size - start
    if shift < 0 or entries * HEADER.size > size:
        raise PermanentError("archive.damaged")
    return _Directory(start + shift, size, entries, shift)


def _find_end(tail: bytes) -> int:
    """Return the position of the last end record in `tail`, or -1. Its comment must not extend beyond `tail`."""
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if at + END.size <= len(tail) and at + END.size + END.unpack_from(tail, at)[7] <= len(tail):
            return at
        at = tail.rfind(b"PK\5\6", 0, at)
    return at


def _find_end64(read_at: ReadAt, end_at: int) -> tuple[int, ...] | None:
    """Return the values of the ZIP64 end record, followed by its offset, or None if there is no such record."""
    if end_at < END64_LOCATOR.size:
        return None
    locator = END64_LOCATOR.unpack(_exactly(read_at, end_at - END64_LOCATOR.size, END64_LOCATOR.size))
    if locator[0] != b"PK\6\7":
        return None
    if locator[1] or locator[3] > 1:
        raise PermanentError("archive.split")
    # If bytes precede the archive, the stated offset is wrong, so also look directly before the locator.
    for at in (locator[2], end_at - END64_LOCATOR.size - END64.size):
        if 0 <= at <= end_at - END64_LOCATOR.size - END64.size:
            record = END64.unpack(_exactly(read_at, at, END64.size))
            if record[0] == b"PK\6\6":
                return (*record[4:], at)
    raise PermanentError("archive.damaged")


def _exactly(read_at: ReadAt, offset: int, length: int) -> bytes:
    found = read_at(offset, length)
    if len(found) < length:
        raise PermanentError("archive.damaged")
    return found


def _read_entry(record: bytes, shift: int) -> ZipEntry:
    fields = HEADER.unpack_from(record)
    signature, made_by, _needed, flags, method, _time, _date, crc, compressed, size = fields[:10]
    disk, _internal, external, offset = fields[13:]
    if signature != b"PK\1\2":
        raise PermanentError("archive.damaged")
    name_end = HEADER.size + fields[10]
    name = record[HEADER.size : name_end]
    extra = _extra_fields(record[name_end : name_end + fields[11]])
    values = iter(_zip64_values(extra.get(ZIP64_FIELD, b"")))
    size, compressed, offset = (next(values, at) if at == MAX32 else at for at in (size, compressed, offset))
    if disk not in {0, MAX16}:
        raise PermanentError("archive.split")
    is_link = made_by >> 8 in UNIX_HOSTS and (external >> 16) & TYPE_MASK == LINK
    path = _path(name, flags, extra)
    return ZipEntry(path, offset + shift, compressed, size, crc, method, bool(flags & ENCRYPTED), is_link)


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        fields.setdefault(kind, extra[at + 4 : at + 4 + length])
        at += 4 + length
    return fields


def _zip64_values(field: bytes) -> tuple[int, ...]:
    count = min(len(field) // 8, 3)
    return struct.unpack_from(f"<{count}Q", field)


def _path(name: bytes, flags: int, extra: dict[int, bytes]) -> str:
    """Decode a name as UTF-8 if it is marked as UTF-8 or is valid UTF-8, otherwise as code page 437.

    A Unicode path field for the same name takes precedence over the name.
    """
    unicode_path = extra.get(UNICODE_PATH_FIELD, b"")
    if len(unicode_path) > 5 and struct.unpack_from("<L", unicode_path, 1)[0] == zlib.crc32(name):
        name, flags = unicode_path[5:], flags | UTF8
    try:
        path = name.decode("utf-8")
    except UnicodeDecodeError:
        path = name.decode("utf-8", "replace") if flags & UTF8 else name.decode("cp437")
    # Some Windows programs write backslashes.
    return path if "/" in path else path.replace("\\", "/")
