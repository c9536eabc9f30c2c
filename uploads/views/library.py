"""Pages of the library: what the signed-in person has, and one picture."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from uploads.models import Upload
from uploads.pagination import paginate_by_id

PICTURES_PER_PAGE = 60
BATCHES_NAMED = 10


@require_safe
def upload_list(request: HttpRequest) -> HttpResponse:
    """All my pictures that are described, newest first."""
    mine = Upload.objects.filter(owner_id=request.user.pk, hidden=False, processed_at__isnull=False)
    page = paginate_by_id(mine.defer("metadata"), request.GET, PICTURES_PER_PAGE, newest_first=True)
    return render(request, "uploads/upload_list.html", {"page": page})


@require_safe
def upload_detail(request: HttpRequest, upload_id: int) -> HttpResponse:
    """One of my pictures and what is known about it."""
    upload = get_object_or_404(Upload, id=upload_id, owner_id=request.user.pk)
    imports = upload.items.filter(batch__kind="import", batch__deleting_since=None).select_related("batch")
    arrivals = imports.order_by("-batch_id").distinct("batch_id")[:BATCHES_NAMED]
    return render(request, "uploads/upload_detail.html", {"upload": upload, "arrivals": arrivals})
