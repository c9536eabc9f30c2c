"""Requests of the protocol as far as their headers say: read, checked, typed. Pure."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass

from batches.intake.file_name import FileName
from batches.intake.tus.checksum import Checksum, read_checksum
from batches.intake.tus.protocol_error import TusError

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
CONTENT_TYPE = "application/offset+octet-stream"
LARGEST = 2**63 - 1
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)

Headers = Mapping[str, str]
"""Names in lower case; a header sent twice is joined by a comma."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes of a file from `offset` on; `declared` is the body's length in bytes where the client says it.

    With `overlap` the body may begin with bytes that are here already: those are passed over.
    """

    offset: int
    declared: int | None
    checksum: Checksum | None = None
    overlap: bool = False


@dataclass(frozen=True, slots=True)
class Creation:
    """A wish to send a file into a batch; `first` when its first bytes come with the wish."""

    batch_id: int
    name: FileName
    first: Patch | None = None


def read_method(method: str, headers: Headers) -> str:
    """Return what is really asked: clients that cannot send PATCH or DELETE send POST and name it in a header."""
    return headers.get("x-http-method-override", method).strip().upper()


def check_version(headers: Headers) -> None:
    """Raise TusError 412 unless the client speaks this protocol's version."""
    if headers.get("tus-resumable") != VERSION:
        raise TusError(412, "tus.version", f"Send the header Tus-Resumable: {VERSION}.")


def read_creation(headers: Headers) -> Creation:
    """Read a POST. Raises TusError 400 with what is missing or wrong, 415 for a body of another kind."""
    if "upload-defer-length" in headers:
        raise TusError(400, "tus.deferred_length", "Say the length at once: Upload-Defer-Length is not taken here.")
    size = _number(headers, "upload-length")
    metadata = read_metadata(headers.get("upload-metadata", ""))
    batch, filename = metadata.get("batch", ""), metadata.get("filename", "")
    if not _DIGITS.fullmatch(batch) or int(batch) > LARGEST:
        raise TusError(400, "tus.metadata", "Upload-Metadata needs `batch`: the number of the batch.")
    if not filename:
        raise TusError(400, "tus.metadata", "Upload-Metadata needs `filename`: the name of the file.")
    name = FileName(filename, size, metadata.get("relative_path", ""), metadata.get("last_modified", ""))
    return Creation(int(batch), name, _first_bytes(headers))


def read_patch(headers: Headers) -> Patch:
    """Read a PATCH. Raises TusError 415 or 400."""
    if not _sends_bytes(headers):
        raise _wrong_type()
    return Patch(_number(headers, "upload-offset"), declared_length(headers), read_checksum(headers))


def declared_length(headers: Headers) -> int | None:
    """Return how many bytes the body is said to have; None when that is not said. Raises TusError 400."""
    return _number(headers, "content-length") if "content-length" in headers else None


def _first_bytes(headers: Headers) -> Patch | None:
    """Read what a creation says of its body; None when it has none."""
    declared = declared_length(headers)
    if _sends_bytes(headers):
        return Patch(0, declared, read_checksum(headers), overlap=True)
    if declared or "transfer-encoding" in headers:
        raise _wrong_type()
    return None


def _sends_bytes(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == CONTENT_TYPE


def _wrong_type() -> TusError:
    return TusError(415, "tus.content_type", f"Send the bytes as Content-Type: {CONTENT_TYPE}.")


def read_metadata(text: str) -> dict[str, str]:
    """Read Upload-Metadata: pairs of a key and a Base64 value by commas. Raises TusError 400."""
    pairs: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _space, value = pair.partition(" ")
        if key in pairs:
            raise TusError(400, "tus.metadata", f"Upload-Metadata names `{_printable(key)}` twice.")
        pairs[key] = _value(key, value)
    return pairs


def _value(key: str, value: str) -> str:
    try:
        text = b64decode(value, validate=True).decode("utf-8")
    except (Base64Error, UnicodeDecodeError) as error:
        words = f"In Upload-Metadata the value of `{_printable(key)}` is not Base64 of UTF-8."
        raise TusError(400, "tus.metadata", words) from error
    if "\0" in text:
        raise TusError(400, "tus.metadata", f"In Upload-Metadata the value of `{_printable(key)}` holds a NUL.")
    return text


def _number(headers: Headers, name: str) -> int:
    text = headers.get(name, "")
    if not _DIGITS.fullmatch(text) or int(text) > LARGEST:
        raise TusError(400, "tus.header", f"{name.title()} must be a whole number of bytes.")
    return int(text)


def _printable(key: str) -> str:
    return key[:40].encode("ascii", "replace").decode()
