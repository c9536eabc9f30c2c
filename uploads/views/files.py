"""Serve previews and originals to their owners; the functions that send them also serve shared pictures."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from uploads.media import ZOOM_SIDE
from uploads.models import Upload
from uploads.playback import is_animated, motion_part
from uploads.preview_urls import preview_version
from uploads.storage import original_name
from uploads.storage.file_response import StoredFile, file_response

ONE_YEAR = 365 * 24 * 3600


@require_safe
async def preview(request: HttpRequest, upload_id: int, side: int) -> HttpResponseBase:
    """Send a preview, which browsers must revalidate unless the URL contains the current version.

    The preview of ZOOM_SIDE pixels is created on the first request. The module that creates it is imported only then,
    because it loads the image libraries.
    """
    upload = await _own_upload(request, upload_id)
    name = None
    if side == ZOOM_SIDE and str(side) not in upload.previews:
        name = await import_string("uploads.zoom.zoom_preview")(upload)
    return await send_preview(request, upload, side, name)


async def send_preview(request: HttpRequest, upload: Upload, side: int, name: str | None = None) -> HttpResponseBase:
    """Send the file `name` or, if that is None, the stored preview of `side` pixels. Raises Http404 if there is none.

    The caller must have checked access.
    """
    name = name or upload.previews.get(str(side))
    if name is None:
        raise Http404
    version = preview_version(upload)
    is_current = request.GET.get("v") == version
    return await file_response(
        request, StoredFile(name, "image/jpeg", etag=f'"{version}-{side}"', max_age=ONE_YEAR if is_current else 0)
    )


@require_safe
async def original(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """Send the original as an attachment, so that browsers do not display untrusted content. Supports Range.

    Pages also play videos from this URL: media elements ignore the Content-Disposition header.
    """
    return await send_original(request, await _own_upload(request, upload_id))


async def send_original(request: HttpRequest, upload: Upload) -> HttpResponseBase:
    """Send the original. The caller must have checked access."""
    disposition = content_disposition_header(as_attachment=True, filename=upload.filename) or "attachment"
    name = original_name(upload.key)
    file = StoredFile(name, upload.mime_type, etag=f'"{upload.sha256}"', disposition=disposition)
    response = await _untrusted(request, file)
    response["Content-Disposition"] = disposition
    return response


@require_safe
async def animation(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """Send the original of an animated picture for display. Browsers run no code in pictures of these types."""
    upload = await _own_upload(request, upload_id)
    if not is_animated(upload):
        raise Http404
    return await _untrusted(request, StoredFile(original_name(upload.key), upload.mime_type, f'"{upload.sha256}"'))


@require_safe
async def motion(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """Send the video in a motion photo. Supports Range."""
    upload = await _own_upload(request, upload_id)
    part = motion_part(upload)
    if part is None:
        raise Http404
    file = StoredFile(original_name(upload.key), "video/mp4", etag=f'"{upload.sha256}-motion"', part=part)
    return await _untrusted(request, file)


async def _untrusted(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    """Send bytes of an original with headers that make browsers accept only the declared type and run no code."""
    response = await file_response(request, file)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _own_upload(request: HttpRequest, upload_id: int) -> Upload:
    """Return the user's upload. Raises Http404 if it does not exist or belongs to another user."""
    upload = await Upload.objects.filter(id=upload_id, owner_id=request.user.pk).afirst()
    if upload is None:
        raise Http404
    return upload
