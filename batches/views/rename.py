"""The name of a batch, edited by its owner: on a page of its own, or in its place by htmx."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from batches import services
from batches.engine.refusals import Refused
from batches.live.batch_snapshot import owner_batches
from batches.models import UploadBatch
from batches.models.batch_name import MAX_NAME_LENGTH
from batches.views.page_requests import PageRequest


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@vary_on_headers("HX-Request")
def batch_name(request: PageRequest, batch_id: int) -> HttpResponse:
    """Show the form; a POST gives the name and leads back to the batch, or to its title where htmx asked."""
    if request.method != "POST":
        batch = owner_batches(request.user.pk).filter(id=batch_id).first()
        if batch is None:
            raise Http404
        # htmx asks for the title alone when the person thinks better of it.
        return _title(request, batch) if "keep" in request.GET else _form(request, batch, batch.name)
    wished = request.POST.get("name", "")
    try:
        services.rename_batch(request.user, batch_id, wished)
        batch = services.find_batch(request.user, batch_id)
    except services.NotFound as error:
        raise Http404 from error
    except Refused as refusal:
        batch = services.find_batch(request.user, batch_id)
        return _form(request, batch, wished, refusal.message)
    return _title(request, batch)


def _form(request: PageRequest, batch: UploadBatch, name: str, complaint: str = "") -> HttpResponse:
    context = {"batch": batch, "name": name, "complaint": complaint, "longest": MAX_NAME_LENGTH}
    template = "batches/_title_form.html" if request.htmx else "batches/batch_name.html"
    # htmx swaps nothing in for a status of an error.
    return render(request, template, context, status=400 if complaint and not request.htmx else 200)


def _title(request: PageRequest, batch: UploadBatch) -> HttpResponse:
    if not request.htmx:
        return redirect("batch-detail", batch.id)
    return render(request, "batches/_title.html", {"batch": batch})
