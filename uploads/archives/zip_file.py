"""Unpack one file of a ZIP archive as a stream: in constant memory, and never more bytes than declared."""

import struct
import zlib
from collections.abc import Iterator
from typing import Protocol

from uploads.archives.zip_directory import ZipEntry
from uploads.errors import PermanentError

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
STORED, DEFLATED = 0, 8
PIECE = 2**18


class Stream(Protocol):
    """The archive's bytes, starting at the entry's local header."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; an empty result means the end."""


def unpack(stream: Stream, entry: ZipEntry) -> Iterator[bytes]:
    """Yield the content of an entry in pieces of up to 256 KiB.

    Raises PermanentError `archive.encrypted`, `archive.method` if the compression method is not supported, or
    `archive.entry_damaged` if the content does not match the directory. The last of these may be raised after the last
    piece, so callers must not trust any piece before the iterator is exhausted.
    """
    if entry.encrypted:
        raise PermanentError("archive.encrypted")
    if entry.method not in {STORED, DEFLATED}:
        raise PermanentError("archive.method")
    _skip_local_header(stream)
    size = crc = 0
    packed = _read_packed(stream, entry.compressed)
    for piece in packed if entry.method == STORED else _inflate(packed):
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        if size > entry.size:
            raise PermanentError("archive.entry_damaged")
        yield piece
    if (size, crc) != (entry.size, entry.crc):
        raise PermanentError("archive.entry_damaged")


def _skip_local_header(stream: Stream) -> None:
    fields = LOCAL_HEADER.unpack(_exactly(stream, LOCAL_HEADER.size))
    if fields[0] != b"PK\3\4":
        raise PermanentError("archive.entry_damaged")
    _exactly(stream, fields[9] + fields[10])


def _read_packed(stream: Stream, length: int) -> Iterator[bytes]:
    while length:
        piece = stream.read(min(PIECE, length))
        if not piece:
            raise PermanentError("archive.entry_damaged")
        length -= len(piece)
        yield piece


def _inflate(packed: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            rest = piece
            while rest and not inflater.eof:
                yield inflater.decompress(rest, PIECE)
                rest = inflater.unconsumed_tail
            if inflater.eof:
                return
        while not inflater.eof and (piece := inflater.decompress(b"", PIECE)):
            yield piece
    except zlib.error as error:
        raise PermanentError("archive.entry_damaged") from error
    if not inflater.eof:
        raise PermanentError("archive.entry_damaged")


def _exactly(stream: Stream, length: int) -> bytes:
    found = b""
    while len(found) < length:
        piece = stream.read(length - len(found))
        if not piece:
            raise PermanentError("archive.entry_damaged")
        found += piece
    return found
