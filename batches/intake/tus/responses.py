"""Build the tus endpoint's responses, without any I/O."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.http import http_date

from batches.intake.tus.checksum import ALGORITHMS
from batches.intake.tus.headers import EXTENSIONS, VERSION
from batches.intake.tus.protocol_error import TusError
from batches.intake.tus.state import UploadState

# nosniff, because a browser must not render an error message as a page. There are no CORS headers, because only pages
# of this site may use the endpoint.
COMMON_HEADERS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class TusResponse:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bytes = b""

    def header_lines(self, *, secure: bool = False) -> list[tuple[bytes, bytes]]:
        """Return the headers in ASGI's format. `secure` says whether the client used HTTPS."""
        headers = COMMON_HEADERS | dict(self.headers)
        if secure and settings.SECURE_HSTS_SECONDS:
            headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        if self.status != 204:
            headers |= {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(self.text))}
        return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def supported() -> TusResponse:
    """Return the response to OPTIONS, with the supported version, extensions, size limit and checksum algorithms."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max(settings.MAX_FILE_BYTES, settings.MAX_ARCHIVE_BYTES)),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return TusResponse(204, headers)


def created(state: UploadState) -> TusResponse:
    """Return the response to POST, whether the upload is new or already existed."""
    return TusResponse(201, {"Location": f"/tus/{state.item.id}"} | _offset(state), state.note.encode())


def patched(state: UploadState) -> TusResponse:
    return TusResponse(204, _offset(state))


def head(state: UploadState) -> TusResponse:
    """Return the response to HEAD, with the metadata stored for the item."""
    item = state.item
    metadata = {"batch": str(item.batch_id), "filename": item.filename, "relative_path": item.relative_path}
    pairs = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata.items() if value)
    return TusResponse(200, _offset(state) | {"Upload-Length": str(item.size), "Upload-Metadata": pairs})


def failed(error: TusError) -> TusResponse:
    headers = {"Tus-Version": VERSION} if error.status == 412 else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return TusResponse(error.status, headers | _expires(error.expires), error.body)


def _offset(state: UploadState) -> dict[str, str]:
    return {"Upload-Offset": str(state.offset)} | _expires(state.expires)


def _expires(expires: float | None) -> dict[str, str]:
    return {} if expires is None else {"Upload-Expires": http_date(expires)}
