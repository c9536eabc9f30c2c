"""Parse and validate request headers, without any I/O."""

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batches.intake.file_name import FileName
from batches.intake.tus.checksum import Checksum, read_checksum
from batches.intake.tus.protocol_error import TusError

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
CONTENT_TYPE = "application/offset+octet-stream"
MAX_NUMBER = 2**63 - 1
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)

Headers = Mapping[str, str]
"""Header names are in lower case. Repeated headers are joined with commas, cookies with semicolons."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A body that contains a file's bytes, starting at `offset`. `declared` is its declared length, or None.

    If `overlap` is true, as for a POST, the body may start with bytes that were received earlier; the writer skips
    them.
    """

    offset: int
    declared: int | None
    checksum: Checksum | None = None
    overlap: bool = False


@dataclass(frozen=True, slots=True)
class Creation:
    """A request to upload a file to a batch; `first` is set if the request contains the file's first bytes."""

    batch_id: int
    name: FileName
    first: Patch | None = None


def read_headers(lines: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Parse the headers of an ASGI scope."""
    headers: dict[str, str] = {}
    for name, value in lines:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        # Browsers may split cookies over several headers (RFC 9113, 8.2.3).
        headers[key] = f"{headers[key]}{'; ' if key == 'cookie' else ','}{text}" if key in headers else text
    return headers


def read_method(method: str, headers: Headers) -> str:
    """Return the method. A client that cannot send PATCH or DELETE sends POST with X-HTTP-Method-Override."""
    return headers.get("x-http-method-override", method).strip().upper()


def check_version(headers: Headers) -> None:
    """Raise TusError 412 unless the client uses protocol version VERSION."""
    if headers.get("tus-resumable") != VERSION:
        raise TusError(412, "tus.version", version=VERSION)


def read_creation(headers: Headers) -> Creation:
    """Parse a POST's headers. Raises TusError 400 for a missing or invalid header, 415 for a wrong content type."""
    if "upload-defer-length" in headers:
        raise TusError(400, "tus.deferred_length")
    size = _number(headers, "upload-length")
    metadata = read_metadata(headers.get("upload-metadata", ""))
    batch, filename = metadata.get("batch", ""), metadata.get("filename", "")
    if not _DIGITS.fullmatch(batch) or int(batch) > MAX_NUMBER:
        raise TusError(400, "tus.metadata", problem="`batch` must be the number of the import")
    if not filename:
        raise TusError(400, "tus.metadata", problem="`filename` must be the name of the file")
    name = FileName(filename, size, metadata.get("relative_path", ""), metadata.get("last_modified", ""))
    return Creation(int(batch), name, _first_bytes(headers))


def read_patch(headers: Headers) -> Patch:
    """Parse a PATCH's headers. Raises TusError 400 for a missing or invalid header, 415 for a wrong content type."""
    if not _sends_bytes(headers):
        raise _wrong_type()
    return Patch(_number(headers, "upload-offset"), declared_length(headers), read_checksum(headers))


def declared_length(headers: Headers) -> int | None:
    """Return the body's declared length, or None if there is none. Raises TusError 400."""
    return _number(headers, "content-length") if "content-length" in headers else None


def _first_bytes(headers: Headers) -> Patch | None:
    declared = declared_length(headers)
    if _sends_bytes(headers):
        return Patch(0, declared, read_checksum(headers), overlap=True)
    if declared or "transfer-encoding" in headers:
        raise _wrong_type()
    return None


def _sends_bytes(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == CONTENT_TYPE


def _wrong_type() -> TusError:
    return TusError(415, "tus.content_type", type=CONTENT_TYPE)


def read_metadata(text: str) -> dict[str, str]:
    """Parse Upload-Metadata: comma-separated pairs, each a key, a space and a Base64 value. Raises TusError 400."""
    pairs: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _space, value = pair.partition(" ")
        if key in pairs:
            raise TusError(400, "tus.metadata", problem=f"it contains `{_printable(key)}` twice")
        pairs[key] = _value(key, value)
    return pairs


def _value(key: str, value: str) -> str:
    try:
        text = b64decode(value, validate=True).decode("utf-8")
    except ValueError as error:  # errors of Base64 and UTF-8 are subclasses of ValueError
        problem = f"the value of `{_printable(key)}` is not Base64-encoded UTF-8"
        raise TusError(400, "tus.metadata", problem=problem) from error
    if "\0" in text:
        raise TusError(400, "tus.metadata", problem=f"the value of `{_printable(key)}` contains a NUL")
    return text


def _number(headers: Headers, name: str) -> int:
    text = headers.get(name, "")
    if not _DIGITS.fullmatch(text) or int(text) > MAX_NUMBER:
        raise TusError(400, "tus.header", header=name.title())
    return int(text)


def _printable(key: str) -> str:
    return key[:40].encode("ascii", "replace").decode()
