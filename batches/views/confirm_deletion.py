"""Delete a batch or selected pictures after asking for confirmation on a separate page."""

import re
from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import services
from batches.services import owner_scope
from batches.views.page_requests import missing_as_404, refusals_as_messages
from uploads.models import Upload

PICTURES_SHOWN = 60
ORIGINS = {"duplicates": "near-duplicates"}
"""The page to return to after a deletion, by the value of `from`; for other values, the library."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@missing_as_404()
def delete_batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Ask for confirmation on GET; delete the batch on POST and redirect to the list of batches.

    The POST is equally fast for batches of any size, because the files are removed in the background.
    """
    if request.method != "POST":
        batch = owner_scope(request.user).find_batch(batch_id)
        extent = services.deletion_extent(batch)
        return render(request, "batches/batch_delete.html", {"batch": batch, "extent": extent})
    with refusals_as_messages(request):
        services.delete_batch(owner_scope(request.user), batch_id)
        messages.success(request, _("Deleted. Its files are being removed, which may take a while."))
    return redirect("batch-list")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_pictures(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation on GET; delete on POST. Each `id` parameter selects a picture."""
    if request.method == "POST":
        return _delete(request, _ids(request.POST.getlist("id")))
    ids = _ids(request.GET.getlist("id"))
    if not ids:
        messages.warning(request, _("No pictures selected. Select some first."))
        return redirect("upload-list")
    own = owner_scope(request.user).filter(Upload.objects.filter(id__in=ids))
    pictures = list(own.defer("metadata").order_by("-id")[: services.MAX_PICTURES])
    if not pictures:
        raise Http404
    context = {
        "pictures": pictures,
        "shown": pictures[:PICTURES_SHOWN],
        "more": len(pictures) - PICTURES_SHOWN,
        "came_from": request.GET.get("from") if request.GET.get("from") in ORIGINS else "",
        "parts": Upload.objects.filter(part_of__in=pictures).exclude(id__in=ids).count(),
    }
    return render(request, "uploads/upload_delete.html", context)


def _delete(request: HttpRequest, ids: set[int]) -> HttpResponse:
    with refusals_as_messages(request):
        deleted = services.delete_pictures(owner_scope(request.user), ids)
        if deleted:
            message = ngettext("%(count)s picture deleted.", "%(count)s pictures deleted.", deleted)
            messages.success(request, message % {"count": deleted})
        else:
            messages.info(request, _("These pictures were already deleted."))
    return redirect(ORIGINS.get(request.POST.get("from", ""), "upload-list"))


def _ids(texts: Iterable[str]) -> set[int]:
    """Parse ids, and ignore texts that are not ids."""
    return {int(text) for text in texts if re.fullmatch("[0-9]{1,18}", text)}
