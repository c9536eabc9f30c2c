"""Rename a batch: on a separate page, or in place with htmx."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from batches import services
from batches.engine.refusals import Refused
from batches.models import UploadBatch
from batches.models.batch_name import MAX_NAME_LENGTH
from batches.services import owner_scope
from batches.views.page_requests import PageRequest, missing_as_404


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@vary_on_headers("HX-Request")
@missing_as_404()
def batch_name(request: PageRequest, batch_id: int) -> HttpResponse:
    """Show the form on GET. On POST, rename the batch and redirect to its page, or send its new title to htmx."""
    scope = owner_scope(request.user)
    if request.method != "POST":
        batch = scope.find_batch(batch_id)
        # When the user cancels editing, htmx requests only the title.
        return _title(request, batch) if "keep" in request.GET else _form(request, batch, batch.name)
    name = request.POST.get("name", "")
    try:
        services.rename_batch(scope, batch_id, name)
    except Refused as refusal:
        return _form(request, scope.find_batch(batch_id), name, refusal.message)
    return _title(request, scope.find_batch(batch_id))


def _form(request: PageRequest, batch: UploadBatch, name: str, error: str = "") -> HttpResponse:
    context = {"batch": batch, "name": name, "error": error, "max_length": MAX_NAME_LENGTH}
    template = "batches/_title_form.html" if request.htmx else "batches/batch_name.html"
    # Send status 200 to htmx even after an error, because htmx does not swap in responses with an error status.
    return render(request, template, context, status=400 if error and not request.htmx else 200)


def _title(request: PageRequest, batch: UploadBatch) -> HttpResponse:
    if not request.htmx:
        return redirect("batch-detail", batch.id)
    return render(request, "batches/_title.html", {"batch": batch})
