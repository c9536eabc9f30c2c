"""The page for one file in a batch. It shows the file's state, earlier attempts and, after a failure, the reason."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from batches.live.batch_snapshot import STAGES, step_of
from batches.models import BatchItem
from batches.models.states import FINISHED_ITEMS, ItemResult
from batches.services import owner_scope
from batches.views.page_requests import PageRequest
from uploads.models import Upload

ATTEMPTS_SHOWN = 20


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def item_detail(request: PageRequest, batch_id: int, item_id: int) -> HttpResponse:
    items = owner_scope(request.user).items().select_related("upload")
    item = items.filter(id=item_id, batch_id=batch_id).first()
    if item is None:
        raise Http404
    took = item.finished_at - item.started_at if item.finished_at and item.started_at else None
    context = {
        "item": item,
        "history": item.history.order_by("-id")[:ATTEMPTS_SHOWN],
        "batch": item.batch,
        "archive": items.filter(id=item.archive_id).first() if item.archive_id else None,
        "step": step_of(item.stage),
        "steps": len(STAGES),
        "took": number_format(max(0.0, took.total_seconds()), 1) if took else "",
        "active": item.status not in FINISHED_ITEMS and item.batch.is_active,
        "sidecar_of": _picture_of_sidecar(item),
        "can_retry": item.can_retry and item.batch.status != "cancelled",
    }
    template = "batches/_item.html" if request.htmx else "batches/item_detail.html"
    return render(request, template, context)


def _picture_of_sidecar(item: BatchItem) -> Upload | None:
    """Return the first picture linked to a sidecar; None if there is none yet or the file is not a sidecar."""
    if item.result != ItemResult.SIDECAR:
        return None
    linked = item.sidecar_entries.filter(upload__owner=item.batch.owner_id).select_related("upload")
    entry = linked.order_by("item_id", "id").first()
    return entry.upload if entry else None
