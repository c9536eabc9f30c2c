"""Sending a stored file to somebody who may have it: by the bucket's server, by nginx, or by this process.

A bucket: a redirect to an address signed for a short time. Behind nginx: MEDIA_ACCEL names an internal location over
MEDIA_ROOT. Else the bytes go through here in small pieces, whole or the part that Range asks for.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.storage import default_storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response

from uploads.storage import address_seconds, signed_address
from uploads.storage.byte_range import RangeError, Span, parse_range

PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is sent. `kept_seconds`: how long browsers may keep it unasked; 0: they ask each time. Never shared."""

    name: str
    mime_type: str
    etag: str
    kept_seconds: int = 0
    disposition: str = ""

    @property
    def cache_control(self) -> str:
        """The header of that name."""
        return f"private, max-age={self.kept_seconds}, immutable" if self.kept_seconds else "private, no-cache"


async def file_response(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    """Answer with the file, or with where to fetch it. Raises Http404 when it is gone from the disk."""
    if address_seconds():
        return await _lead_to_bucket(request, file)
    response = get_conditional_response(request, etag=file.etag) or await _send(request, file)
    response["ETag"] = file.etag
    response["Cache-Control"] = file.cache_control
    return response


async def _lead_to_bucket(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    """Redirect to a signed address, which a browser may use again for half of its time: with it goes its cache."""
    facts = (file.mime_type, file.cache_control, file.disposition)
    response = HttpResponseRedirect(await _in_thread(signed_address, file.name, request.method, *facts))
    again = f"max-age={address_seconds() // 2}" if file.kept_seconds else "no-cache"
    response["Cache-Control"] = f"private, {again}"
    return response


async def _send(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    if settings.MEDIA_ACCEL:
        headers = {"X-Accel-Redirect": settings.MEDIA_ACCEL + file.name}
        return HttpResponse(content_type=file.mime_type, headers=headers)
    try:
        size: int = await _in_thread(default_storage.size, file.name)
    except FileNotFoundError as error:
        raise Http404 from error
    try:
        span = _wanted(request, file, size)
    except RangeError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    return _part(request, file, span, size)


def _wanted(request: HttpRequest, file: StoredFile, size: int) -> Span | None:
    """Return the part that is asked for. Raises RangeError."""
    # If-Range: a part is only of use to somebody who holds the rest of the same bytes.
    if request.method != "GET" or request.headers.get("If-Range", file.etag) != file.etag:
        return None
    return parse_range(request.headers.get("Range", ""), size)


def _part(request: HttpRequest, file: StoredFile, span: Span | None, size: int) -> HttpResponseBase:
    headers = {"Accept-Ranges": "bytes"}
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end}/{size}"
    status = 206 if span else 200
    span = span or Span(0, size - 1)
    headers["Content-Length"] = str(span.length)
    if request.method == "HEAD":
        return HttpResponse(content_type=file.mime_type, headers=headers)
    return StreamingHttpResponse(_pieces(file.name, span), status=status, content_type=file.mime_type, headers=headers)


async def _pieces(name: str, span: Span) -> AsyncIterator[bytes]:
    """Read a part of a file, at most PIECE bytes at a time, off the event loop."""
    left = span.length
    with await _in_thread(default_storage.open, name, "rb") as file:
        await _in_thread(file.seek, span.start)
        while left > 0 and (piece := await _in_thread(file.read, min(PIECE, left))):
            left -= len(piece)
            yield piece


async def _in_thread(function: Any, *args: Any) -> Any:
    return await sync_to_async(function, thread_sensitive=False)(*args)
