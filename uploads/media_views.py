"""Previews and originals, for their owner only, in small pieces.

Behind nginx, MEDIA_ACCEL names an internal location over MEDIA_ROOT and nginx sends the bytes.
"""

from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from uploads.addresses import preview_version
from uploads.byte_range import RangeError, Span, parse_range
from uploads.models import Upload
from uploads.storage import original_name

PIECE = 256 * 1024
A_YEAR = 365 * 24 * 3600


@require_safe
async def preview(request: HttpRequest, upload_id: int, side: int) -> HttpResponseBase:
    """A preview as JPEG. An address with the present version may be kept for good, any other is asked for again."""
    upload = await _own_upload(request, upload_id)
    name = upload.previews.get(str(side))
    if name is None:
        raise Http404
    version = preview_version(upload)
    etag = f'"{version}-{side}"'
    response = get_conditional_response(request, etag=etag) or await _send(request, name, "image/jpeg")
    response["ETag"] = etag
    lasting = request.GET.get("v") == version
    response["Cache-Control"] = f"private, max-age={A_YEAR}, immutable" if lasting else "private, no-cache"
    return response


@require_safe
async def original(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """The bytes as they came, to be saved and never shown: they may be anything. Parts of them by Range."""
    upload = await _own_upload(request, upload_id)
    etag = f'"{upload.sha256}"'
    response = get_conditional_response(request, etag=etag) or await _original_part(request, upload, etag)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=upload.filename) or ""
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _own_upload(request: HttpRequest, upload_id: int) -> Upload:
    """Find the caller's upload; somebody else's is not there."""
    upload = await Upload.objects.filter(id=upload_id, owner_id=request.user.pk).afirst()
    if upload is None:
        raise Http404
    return upload


async def _original_part(request: HttpRequest, upload: Upload, etag: str) -> HttpResponseBase:
    name = original_name(upload.key)
    wanted = request.headers.get("Range", "")
    # If-Range: a part is only of use to somebody who holds the rest of the same bytes.
    if settings.MEDIA_ACCEL or request.headers.get("If-Range", etag) != etag:
        return await _send(request, name, upload.mime_type)
    try:
        span = parse_range(wanted, upload.size)
    except RangeError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{upload.size}"})
    response = await _send(request, name, upload.mime_type, span)
    if span is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {span.start}-{span.end}/{upload.size}"
    return response


async def _send(request: HttpRequest, name: str, content_type: str, span: Span | None = None) -> HttpResponseBase:
    """Answer with a file, or the part of it that `span` says; 404 when it is gone."""
    if settings.MEDIA_ACCEL:
        return HttpResponse(content_type=content_type, headers={"X-Accel-Redirect": settings.MEDIA_ACCEL + name})
    try:
        size: int = await _in_thread(default_storage.size, name)
    except OSError as error:
        raise Http404 from error
    span = span or Span(0, size - 1)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(span.length)}
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers=headers)
    return StreamingHttpResponse(_pieces(name, span), content_type=content_type, headers=headers)


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
