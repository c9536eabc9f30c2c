"""Library pages: the timeline of the user's pictures, and the page of a single picture."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from uploads.models import MediaKind, Upload
from uploads.similar.groups import open_pairs
from uploads.timeline import read_page
from uploads.timeline_scale import read_scale

PARTS_SHOWN = 200


@require_safe
def upload_list(request: HttpRequest) -> HttpResponse:
    """Show a page of the user's timeline. The page's script shows several of them, one below the other."""
    owner_id = request.user.pk or 0
    page = read_page(owner_id, request.GET)
    context = {
        "page": page,
        "scale": read_scale(owner_id, page),
        "has_near_duplicates": open_pairs(owner_id).exists(),
    }
    return render(request, "uploads/upload_list.html", context)


@require_safe
def upload_detail(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Show one of the user's pictures with its processing results."""
    own = Upload.objects.filter(owner_id=request.user.pk).exclude(kind=MediaKind.ARCHIVE)
    upload = get_object_or_404(own.select_related("part_of"), id=upload_id)
    parts = (
        own.filter(part_of=upload, trashed_at=upload.trashed_at)
        .defer("metadata", "sidecars")
        .order_by("part_role", "filename", "id")
    )
    return render(request, "uploads/upload_detail.html", {"upload": upload, "parts": parts[:PARTS_SHOWN]})
