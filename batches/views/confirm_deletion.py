"""Delete a batch after asking for confirmation on a separate page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import services
from batches.services import owner_scope
from batches.views.page_requests import missing_as_404, refusals_as_messages


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
        messages.success(request, _("Import deleted. Removing its files may take a while."))
    return redirect("batch-list")
