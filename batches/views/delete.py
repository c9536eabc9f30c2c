"""Deleting a batch: a page that asks and says what goes, then the deed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import deletion, progress, services


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Ask by GET; a POST lets the batch vanish and leads to the list, however large it is."""
    if request.method != "POST":
        batch = get_object_or_404(progress.batches_of(request.user.pk), id=batch_id)
        return render(request, "batches/batch_delete.html", {"batch": batch, "extent": deletion.extent_of(batch)})
    try:
        deletion.delete_batch(request.user, batch_id)
    except services.NotFound as error:
        raise Http404 from error
    messages.success(request, _("Deleted. Its files are being removed; that may take a while."))
    return redirect("batch-list")
