"""Download several originals as one ZIP archive."""

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from uploads.button_requests import MAX_PICTURES, chosen_pictures, require_button
from uploads.models import INSTANT, MediaKind, Upload
from uploads.zip_stream import stream_archive, zip_entries


@require_button("upload-list")
def download_selection(request: HttpRequest) -> HttpResponseBase:
    """Send the originals of the user's pictures whose ids are in the `picture` parameters, with their parts."""
    ids = chosen_pictures(request)
    if not ids or len(ids) > MAX_PICTURES:
        text = _("Select pictures to download, up to %(count)s at a time.")
        messages.warning(request, text % {"count": intcomma(MAX_PICTURES)})
        return redirect("upload-list")
    own = Upload.objects.filter(Q(id__in=ids) | Q(part_of__in=ids), owner_id=request.user.pk, trashed_at=None)
    name = _("photos %(date)s") % {"date": timezone.localdate().isoformat()}
    return zip_response(own.exclude(kind=MediaKind.ARCHIVE), name)


def zip_response(uploads: QuerySet[Upload], name: str) -> StreamingHttpResponse:
    """Send `uploads` as a ZIP archive, oldest first. The caller must have checked access and the number of uploads."""
    fields = ("filename", "key", "size", "sha256", "taken_at", "created_at")
    entries = zip_entries(uploads.only(*fields).order_by(INSTANT, "id"))
    disposition = content_disposition_header(as_attachment=True, filename=f"{name}.zip")
    headers = {"Content-Disposition": disposition or "attachment", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(stream_archive(entries), content_type="application/zip", headers=headers)
