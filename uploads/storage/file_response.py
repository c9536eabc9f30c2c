"""Send a stored file in one of three ways. The caller must have checked access.

If files are in a bucket, the response redirects to a signed URL that expires soon. If MEDIA_ACCEL is set, nginx sends
the file: MEDIA_ACCEL is the internal location in nginx that maps to MEDIA_ROOT. Otherwise this process streams the
whole file, or the requested range, in small chunks.
"""

from collections.abc import AsyncIterator
from contextlib import ExitStack
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

from uploads.storage import signed_url, signed_url_seconds
from uploads.storage.backend import backend
from uploads.storage.byte_range import ByteRange, RangeError, parse_range

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The file to send.

    Browsers, but not shared caches, may cache the file for `max_age` seconds. If `max_age` is 0, they revalidate it
    each time.

    If `part` is set, only these bytes are sent, as if they were the whole file, and always by this process.
    """

    name: str
    mime_type: str
    etag: str
    max_age: int = 0
    disposition: str = ""
    part: ByteRange | None = None

    @property
    def cache_control(self) -> str:
        return f"private, max-age={self.max_age}, immutable" if self.max_age else "private, no-cache"


async def file_response(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    """Return a response that contains the file, makes nginx send it, or redirects to it.

    Raises Http404 if this process has to send a whole file (`part` is not set) that is missing.
    """
    if signed_url_seconds() and file.part is None:
        return await _redirect_to_bucket(request, file)
    response = get_conditional_response(request, etag=file.etag) or await _send(request, file)
    response["ETag"] = file.etag
    response["Cache-Control"] = file.cache_control
    return response


async def _redirect_to_bucket(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    """Redirect to a signed URL.

    If the file is cacheable, browsers may reuse the redirect for half of the URL's validity, because a new URL would
    make them download the file again.
    """
    headers = (file.mime_type, file.cache_control, file.disposition)
    response = HttpResponseRedirect(await _run_in_thread(signed_url, file.name, request.method, *headers))
    reuse = f"max-age={signed_url_seconds() // 2}" if file.max_age else "no-cache"
    response["Cache-Control"] = f"private, {reuse}"
    return response


async def _send(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    if settings.MEDIA_ACCEL and file.part is None:
        headers = {"X-Accel-Redirect": settings.MEDIA_ACCEL + file.name}
        return HttpResponse(content_type=file.mime_type, headers=headers)
    try:
        size: int = file.part.length if file.part else await _run_in_thread(default_storage.size, file.name)
    except FileNotFoundError as error:
        raise Http404 from error
    try:
        byte_range = _requested_range(request, file, size)
    except RangeError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    return _stream(request, file, byte_range, size)


def _requested_range(request: HttpRequest, file: StoredFile, size: int) -> ByteRange | None:
    """Return the requested range, or None for the whole file. Raises RangeError."""
    # If-Range contains the ETag of the version that the client has partly loaded. If the file has changed, send it all.
    if request.method != "GET" or request.headers.get("If-Range", file.etag) != file.etag:
        return None
    return parse_range(request.headers.get("Range", ""), size)


def _stream(request: HttpRequest, file: StoredFile, byte_range: ByteRange | None, size: int) -> HttpResponseBase:
    headers = {"Accept-Ranges": "bytes"}
    if byte_range is not None:
        headers["Content-Range"] = f"bytes {byte_range.start}-{byte_range.end}/{size}"
    status = 206 if byte_range else 200
    byte_range = byte_range or ByteRange(0, size - 1)
    headers["Content-Length"] = str(byte_range.length)
    if request.method == "HEAD":
        return HttpResponse(content_type=file.mime_type, headers=headers)
    first = file.part.start if file.part else 0
    content = _read_chunks(file.name, ByteRange(first + byte_range.start, first + byte_range.end))
    return StreamingHttpResponse(content, status=status, content_type=file.mime_type, headers=headers)


async def _read_chunks(name: str, byte_range: ByteRange) -> AsyncIterator[bytes]:
    """Yield a range of a file in pieces of at most CHUNK_BYTES, which are read outside the event loop."""
    remaining = byte_range.length
    with ExitStack() as stack:
        file = await _run_in_thread(stack.enter_context, backend().open_at(name, byte_range.start))
        while remaining > 0 and (chunk := await _run_in_thread(file.read, min(CHUNK_BYTES, remaining))):
            remaining -= len(chunk)
            yield chunk


async def _run_in_thread(function: Any, *args: Any) -> Any:
    return await sync_to_async(function, thread_sensitive=False)(*args)
