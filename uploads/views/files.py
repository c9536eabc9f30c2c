"""Previews and originals, for their owner only: the owner is asked for first, whoever sends the bytes then."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from uploads.models import Upload
from uploads.preview_urls import preview_version
from uploads.storage import original_name
from uploads.storage.file_response import StoredFile, file_response

A_YEAR = 365 * 24 * 3600


@require_safe
async def preview(request: HttpRequest, upload_id: int, side: int) -> HttpResponseBase:
    """A preview as JPEG. An address with the present version may be kept for good, any other is asked for again."""
    upload = await _own_upload(request, upload_id)
    name = upload.previews.get(str(side))
    if name is None:
        raise Http404
    version = preview_version(upload)
    lasting = request.GET.get("v") == version
    return await file_response(
        request, StoredFile(name, "image/jpeg", etag=f'"{version}-{side}"', max_age=A_YEAR if lasting else 0)
    )


@require_safe
async def original(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """The bytes as they came, to be saved and never shown: they may be anything. Parts of them by Range."""
    upload = await _own_upload(request, upload_id)
    disposition = content_disposition_header(as_attachment=True, filename=upload.filename) or "attachment"
    name = original_name(upload.key)
    file = StoredFile(name, upload.mime_type, etag=f'"{upload.sha256}"', disposition=disposition)
    response = await file_response(request, file)
    response["Content-Disposition"] = disposition
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _own_upload(request: HttpRequest, upload_id: int) -> Upload:
    """Find the caller's upload; somebody else's is not there."""
    upload = await Upload.objects.filter(id=upload_id, owner_id=request.user.pk).afirst()
    if upload is None:
        raise Http404
    return upload
