"""Recognise sidecars by name, size and first bytes, and parse them."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from uploads.sidecars.apple import ALBUM_HEADER, DETAILS_HEADER, parse_aae, parse_csv
from uploads.sidecars.name_match import aae_rank, exact_rank, sidecar_target, takeout_rank, xmp_rank
from uploads.sidecars.takeout import parse_takeout
from uploads.sidecars.values import Entry, InvalidSidecar
from uploads.sidecars.xmp import parse_xmp


class SidecarKind(StrEnum):
    """The kind of a sidecar, by its source. Values of the kind `album` only name an album that contains the picture."""

    XMP = "xmp"
    TAKEOUT = "takeout"
    AAE = "aae"
    APPLE = "apple"
    ALBUM = "album"


@dataclass(frozen=True, slots=True)
class _Format:
    """How files of a kind are recognised, and their maximum size.

    `starts` are possible first bytes, in lower case. A byte order mark, white space and quotes before them are ignored.
    """

    kind: SidecarKind
    extension: str
    starts: tuple[bytes, ...]
    max_bytes: int


_FORMATS = (
    _Format(SidecarKind.XMP, ".xmp", (b"<?xpacket", b"<x:xmpmeta", b"<?xml", b"<rdf:rdf"), 4 << 20),
    _Format(SidecarKind.TAKEOUT, ".json", (b"{", b"["), 1 << 20),
    _Format(SidecarKind.AAE, ".aae", (b"<?xml", b"bplist0", b"<!doctype plist"), 1 << 20),
    _Format(SidecarKind.APPLE, ".csv", (DETAILS_HEADER.lower().encode(), ALBUM_HEADER.lower().encode()), 16 << 20),
)
MAX_SIDECAR_BYTES = max(format.max_bytes for format in _FORMATS)

RANKS: dict[SidecarKind, Callable[[str, str], int | None]] = {
    SidecarKind.XMP: xmp_rank,
    SidecarKind.TAKEOUT: takeout_rank,
    SidecarKind.AAE: aae_rank,
    SidecarKind.APPLE: exact_rank,
    SidecarKind.ALBUM: exact_rank,
}
"""For each kind, the function that rates how well a sidecar's target matches a picture's name; lower is better."""


def sidecar_kind(name: str, size: int, head: bytes) -> SidecarKind | None:
    """Return the kind of sidecar that a file probably is, or None.

    `head` is the start of the file: at least 64 bytes, or the whole file if it is shorter.
    """
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(b' \t\r\n"').lower()
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        start = head.decode("utf-16", "ignore").lstrip().lower().encode()
    for format in _FORMATS:
        if name.lower().endswith(format.extension) and size <= format.max_bytes and start.startswith(format.starts):
            return format.kind
    return None


def parse_sidecar(kind: SidecarKind, data: bytes, path: str) -> list[Entry]:
    """Return a sidecar's entries, one for each picture or folder. `path` ends with the sidecar's own name.

    The list may be empty, as for the metadata file of a year's folder. Raises InvalidSidecar or ExportData.
    """
    name = path.rpartition("/")[2]
    target = sidecar_target(name)
    if kind is SidecarKind.XMP:
        return [Entry(target, parse_xmp(data))]
    if kind is SidecarKind.AAE:
        return parse_aae(data, target)
    text = _decode(data)
    return parse_takeout(text, target, path) if kind is SidecarKind.TAKEOUT else parse_csv(text, path)


def _decode(data: bytes) -> str:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidSidecar from error
