"""Views for the buttons that control a batch or describe pictures again. Each calls a service and redirects."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from batches import services
from batches.engine.missing_files import count_missing
from batches.models.states import LIVE_BATCHES, BatchKind
from batches.services import owner_scope
from batches.views.page_requests import missing_as_404, refusals_as_messages
from uploads.button_requests import back, chosen_pictures, require_button
from uploads.pagination import parse_id


@require_button("batch-detail", "batch_id")
def pause(request: HttpRequest, batch_id: int) -> HttpResponse:
    with refusals_as_messages(request):
        services.pause_batch(owner_scope(request.user), batch_id)
        messages.success(request, _("Paused. Files in progress return to the queue."))
    return redirect("batch-detail", batch_id)


@require_button("batch-detail", "batch_id")
def resume(request: HttpRequest, batch_id: int) -> HttpResponse:
    with refusals_as_messages(request):
        services.resume_batch(owner_scope(request.user), batch_id)
        messages.success(request, _("Resumed."))
    return redirect("batch-detail", batch_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@missing_as_404()
def cancel(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Cancel the batch on POST. On GET, ask for confirmation. With JavaScript, the batch's page asks instead."""
    batch = owner_scope(request.user).find_batch(batch_id)
    if request.method == "POST":
        with refusals_as_messages(request):
            services.cancel_batch(owner_scope(request.user), batch_id)
            message = _("Cancelled. Pictures already described stay in your library.")
            if batch.kind == BatchKind.REANALYSIS:
                message = _("Stopped. Pictures without a new description keep their old one.")
            elif batch.kind == BatchKind.TEXT:
                message = _("Stopped. Text that has already been read is kept.")
            messages.success(request, message)
        return redirect("batch-detail", batch_id)
    if batch.status in LIVE_BATCHES:
        return render(request, "batches/batch_cancel.html", {"batch": batch})
    return redirect("batch-detail", batch_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@missing_as_404()
def finish(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Finish the batch without the missing files on POST. On GET, show what is missing and ask for confirmation."""
    if request.method == "POST":
        with refusals_as_messages(request):
            services.finish_without_missing(owner_scope(request.user), batch_id)
            messages.success(request, _("No longer waiting for the missing files."))
        return redirect("batch-detail", batch_id)
    batch = owner_scope(request.user).find_batch(batch_id)
    if not batch.waits_for_files:
        return redirect("batch-detail", batch_id)
    missing = count_missing([batch])[batch.id]
    context = {"batch": batch, "missing": missing, "arrived": batch.expected_total - missing}
    return render(request, "batches/batch_finish.html", context)


@require_button("batch-detail", "batch_id")
def retry_failed(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Retry the batch's failed files that can be retried, or only the file whose id is in the field `item`."""
    scope, item = owner_scope(request.user), parse_id(request.POST.get("item"))
    with refusals_as_messages(request):
        count = int(services.retry_item(scope, item)) if item is not None else services.retry_failed(scope, batch_id)
        if count:
            message = ngettext("Retrying %(count)s file.", "Retrying %(count)s files.", count)
            messages.success(request, message % {"count": count})
    return redirect("batch-detail", batch_id)


@require_button("batch-detail", "batch_id")
def reanalyse(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Describe the batch's pictures again and redirect to the re-analysis batch."""
    page = batch_id
    with refusals_as_messages(request):
        page = services.reanalyse_batch(owner_scope(request.user), batch_id)
        _announce_reanalysis(request)
    return redirect("batch-detail", page)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reanalyse_library(request: HttpRequest) -> HttpResponse:
    """Describe all pictures of the user's library again on POST, and redirect to the re-analysis batch.

    On GET, ask for confirmation.
    """
    if request.method != "POST":
        pictures = services.count_library(owner_scope(request.user))
        return render(request, "batches/library_reanalyse.html", {"pictures": pictures})
    with refusals_as_messages(request):
        batch_id = services.reanalyse_library(owner_scope(request.user), request.user.pk or 0)
        _announce_reanalysis(request)
        return redirect("batch-detail", batch_id)
    return redirect("upload-list")


@require_button("upload-list")
def reanalyse_pictures(request: HttpRequest) -> HttpResponse:
    """Describe pictures again and redirect to the re-analysis batch. The `picture` parameters contain their ids."""
    with refusals_as_messages(request):
        batch_id = services.reanalyse_pictures(owner_scope(request.user), chosen_pictures(request))
        _announce_reanalysis(request)
        return redirect("batch-detail", batch_id)
    return back(request, "upload-list")


@require_button("batch-detail", "batch_id")
def make_album(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Make an album of the batch's pictures and redirect to it."""
    with refusals_as_messages(request):
        return redirect("album", services.create_album_of_batch(owner_scope(request.user), batch_id))
    return redirect("batch-detail", batch_id)


def _announce_reanalysis(request: HttpRequest) -> None:
    text = _("Describing the pictures again. Each one keeps its old description until the new one is ready.")
    messages.success(request, text)
