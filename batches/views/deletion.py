"""Deleting a batch: a page that asks and says what goes, then the deed."""

import re
from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import services
from batches.engine.refusals import Refused
from batches.live import batch_snapshot
from uploads.models import Upload


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Ask by GET; a POST lets the batch vanish and leads to the list, however large it is."""
    if request.method != "POST":
        batch = get_object_or_404(batch_snapshot.owner_batches(request.user.pk), id=batch_id)
        return render(request, "batches/batch_delete.html", {"batch": batch, "extent": services.extent_of(batch)})
    try:
        services.delete_batch(request.user, batch_id)
    except services.NotFound as error:
        raise Http404 from error
    messages.success(request, _("Deleted. Its files are being removed; that may take a while."))
    return redirect("batch-list")


PICTURES_SHOWN = 60


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_pictures(request: HttpRequest) -> HttpResponse:
    """Ask by GET about the pictures that `id` names, any number of times; delete them by POST."""
    if request.method == "POST":
        return _delete(request, _ids(request.POST.getlist("id")))
    ids = _ids(request.GET.getlist("id"))
    if not ids:
        messages.warning(request, _("No picture was chosen. Tick some first."))
        return redirect("upload-list")
    mine = Upload.objects.filter(id__in=ids, owner_id=request.user.pk)
    pictures = list(mine.defer("metadata").order_by("-id")[: services.MOST_PICTURES])
    if not pictures:
        raise Http404
    context = {"pictures": pictures, "shown": pictures[:PICTURES_SHOWN], "more": len(pictures) - PICTURES_SHOWN}
    return render(request, "uploads/upload_delete.html", context)


def _delete(request: HttpRequest, ids: set[int]) -> HttpResponse:
    try:
        deleted = services.delete_pictures(request.user, ids)
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return redirect("upload-list")
    if deleted:
        words = ngettext("%(count)s picture was deleted.", "%(count)s pictures were deleted.", deleted)
        messages.success(request, words % {"count": deleted})
    else:
        messages.info(request, _("Nothing was left to delete."))
    return redirect("upload-list")


def _ids(texts: Iterable[str]) -> set[int]:
    """Return what is a number that a row may have; everything else names no picture."""
    return {int(text) for text in texts if re.fullmatch("[0-9]{1,18}", text)}
