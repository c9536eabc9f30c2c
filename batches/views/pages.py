"""Pages about batches: my list, and one batch."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from batches import progress
from batches.models import UploadBatch
from batches.parts import parts_context
from batches.states import FINISHED_ITEMS
from uploads.paging import page_by_id

BATCHES_PER_PAGE = 30
FILES_PER_PAGE = 50


class PageRequest(HttpRequest):
    """A request that has passed the middleware of htmx."""

    htmx: HtmxDetails


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to my batches, or to adding files while there are none."""
    return redirect("batch-list" if progress.batches_of(request.user.pk).exists() else "batch-new")


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def batch_list(request: PageRequest) -> HttpResponse:
    """My batches, newest first; while one runs the page asks for the list again."""
    mine = progress.batches_of(request.user.pk)
    page = page_by_id(mine, request.GET, BATCHES_PER_PAGE, newest_first=True)
    live = any(batch.is_active for batch in page.rows)
    template = "batches/_batches.html" if request.htmx else "batches/batch_list.html"
    return render(request, template, {"page": page, "live": live})


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def batch_detail(request: PageRequest, batch_id: int) -> HttpResponse:
    """One batch: how far, what is in hand, what needs me, and its files. htmx gets the files alone."""
    snapshot = progress.read_snapshot(batch_id)
    if snapshot is None or snapshot.batch.owner_id != request.user.pk:
        raise Http404
    context = _files_context(request, snapshot.batch)
    if request.htmx:
        return render(request, "batches/_files.html", context)
    return render(request, "batches/batch_detail.html", context | parts_context(snapshot))


def _files_context(request: HttpRequest, batch: UploadBatch) -> dict[str, object]:
    show = request.GET.get("show", "")
    show = show if show in progress.SHOWN else "all"
    rows = progress.files(batch.id, show)
    page = page_by_id(rows, request.GET, FILES_PER_PAGE, newest_first=False, keep=("show",))
    # A full page of finished files does not change by itself: it need not be asked for again.
    settled = bool(page.next_query) and all(item.status in FINISHED_ITEMS for item in page.rows)
    return {"batch": batch, "page": page, "show": show, "settled": settled}
