"""Answers of the endpoint: status, headers, text. Pure."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.http import http_date

from batches.intake.tus.checksum import ALGORITHMS
from batches.intake.tus.headers import EXTENSIONS, VERSION
from batches.intake.tus.protocol_error import TusError
from batches.intake.tus.state import UploadState

# HEAD has no body, and a file's words are never to be taken for a page. No CORS headers: this site's pages only.
COMMON = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class TusResponse:
    """What goes back to the client."""

    status: int
    facts: Mapping[str, str] = field(default_factory=dict)
    text: bytes = b""

    def lines(self) -> list[tuple[bytes, bytes]]:
        """Return the headers as ASGI wants them."""
        found = COMMON | dict(self.facts)
        if self.status != 204:
            found |= {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(self.text))}
        return [(name.lower().encode(), value.encode()) for name, value in found.items()]


def spoken() -> TusResponse:
    """What OPTIONS tells: version, extensions, limits."""
    facts = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.MAX_FILE_BYTES),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return TusResponse(204, facts)


def created(place: UploadState) -> TusResponse:
    """A creation, new or repeated."""
    return TusResponse(201, {"Location": f"/tus/{place.item_id}"} | _offset(place), place.note.encode())


def received(place: UploadState) -> TusResponse:
    """The end of a PATCH."""
    return TusResponse(204, _offset(place))


def looked(place: UploadState) -> TusResponse:
    """What HEAD asks for."""
    pairs = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in place.metadata if value)
    return TusResponse(200, _offset(place) | {"Upload-Length": str(place.length), "Upload-Metadata": pairs})


def refused(error: TusError) -> TusResponse:
    """Anything but success."""
    facts = {"Tus-Version": VERSION} if error.status == 412 else {}
    return TusResponse(error.status, facts | _expiry(error.expires), error.body)


def _offset(place: UploadState) -> dict[str, str]:
    return {"Upload-Offset": str(place.offset)} | _expiry(place.expires)


def _expiry(expires: float | None) -> dict[str, str]:
    return {} if expires is None else {"Upload-Expires": http_date(expires)}
