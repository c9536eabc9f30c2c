"""Library pages: the list of the user's pictures, and the page of a single picture."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from uploads.models import INSTANT, MediaKind, Upload, library_pictures
from uploads.pagination import paginate_by_instant
from uploads.similar.groups import open_pairs

PICTURES_PER_PAGE = 60
PARTS_SHOWN = 200


@require_safe
def upload_list(request: HttpRequest) -> HttpResponse:
    """List the user's processed pictures, the most recently taken first. Parts are shown only with their pictures."""
    uploads = library_pictures(request.user.pk)
    page = paginate_by_instant(uploads.defer("metadata", "sidecars", "words"), request.GET, PICTURES_PER_PAGE, INSTANT)
    duplicates = open_pairs(request.user.pk or 0).exists()
    return render(request, "uploads/upload_list.html", {"page": page, "has_near_duplicates": duplicates})


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
