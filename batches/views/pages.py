"""The batch list, the batch page, and the download of a batch's ledger."""

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from batches import services
from batches.engine.missing_files import interrupted_uploads
from batches.failures.ledger_export import ledger_csv, ledger_json
from batches.live.batch_snapshot import read_snapshot
from batches.live.eta import read_eta
from batches.live.fragments import fragment_context
from batches.models import BatchItem, UploadBatch
from batches.models.states import FINISHED_ITEMS, LISTED_KINDS, LIVE_BATCHES, BatchKind, ItemStatus
from batches.services import owner_scope
from batches.views.file_list import KINDS, FileFilter, paginate_files
from batches.views.page_requests import PageRequest, missing_as_404
from uploads.db_threads import run_export_query
from uploads.models import Upload
from uploads.pagination import paginate_by_id

BATCHES_PER_PAGE = 30
FILES_PER_PAGE = 50
EXPORTS = {"csv": (ledger_csv, "text/csv; charset=utf-8"), "json": (ledger_json, "application/json")}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to the list of batches, or to the upload page if the user has none."""
    has_batches = owner_scope(request.user).batches().filter(kind__in=LISTED_KINDS).exists()
    return redirect("batch-list" if has_batches else "batch-new")


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def batch_list(request: PageRequest) -> HttpResponse:
    """Show the user's batches, newest first, and whether the text in pictures is being read.

    After a live event, htmx requests only the list of batches.
    """
    scope = owner_scope(request.user)
    listed = scope.batches().filter(kind__in=LISTED_KINDS)
    page = paginate_by_id(listed, request.GET, BATCHES_PER_PAGE, newest_first=True)
    if request.method == "GET":
        services.mark_all_seen(scope)
    live = any(batch.is_active for batch in page.rows)
    interrupted, covers = interrupted_uploads(page.rows), _covers(page.rows)
    rows = [(batch, interrupted.get(batch.id, 0), covers.get(batch.id)) for batch in page.rows]
    template = "batches/_batches.html" if request.htmx else "batches/batch_list.html"
    reading = scope.batches().filter(kind=BatchKind.TEXT, status__in=LIVE_BATCHES).first()
    return render(request, template, {"page": page, "rows": rows, "live": live, "reading": reading})


def _covers(batches: Sequence[UploadBatch]) -> dict[int, Upload]:
    """Return the first picture of each batch, by batch id.

    Batches whose first picture is not in the library are left out.
    """
    items = BatchItem.objects.filter(batch=OuterRef("id"), status=ItemStatus.COMPLETED, upload__isnull=False)
    first = Subquery(items.order_by("id").values("upload_id")[:1])
    rows = UploadBatch.objects.filter(id__in=[batch.id for batch in batches]).values_list("id", first)
    pictures = Upload.objects.filter(timeline_at__isnull=False).only("key", "previews", "processed_at")
    uploads = pictures.in_bulk({upload_id for _id, upload_id in rows})
    return {batch_id: uploads[upload_id] for batch_id, upload_id in rows if upload_id in uploads}


@require_safe
@never_cache
@vary_on_headers("HX-Request", "HX-Target")
@missing_as_404()
def batch_detail(request: PageRequest, batch_id: int) -> HttpResponse:
    """Show a batch's progress, files in progress, failures and file list. htmx requests only the file list."""
    scope = owner_scope(request.user)
    if request.htmx:
        batch = scope.find_batch(batch_id)
        services.mark_batch_seen(scope, batch)
        template = "batches/_file_list.html" if request.htmx.target == "file-list" else "batches/_files.html"
        return render(request, template, _files_context(request, batch))
    snapshot = read_snapshot(batch_id)
    if snapshot is None or snapshot.batch.owner_id != request.user.pk:
        raise Http404
    services.mark_batch_seen(scope, snapshot.batch)
    context = _files_context(request, snapshot.batch) | fragment_context(snapshot, read_eta(snapshot.batch))
    return render(request, "batches/batch_detail.html", context)


def _files_context(request: HttpRequest, batch: UploadBatch) -> dict[str, object]:
    query = request.GET
    choice = FileFilter.of(query.get("show", ""), query.get("kind", ""), query.get("name", ""))
    page = paginate_files(batch, choice, query, FILES_PER_PAGE)
    # If a full page contains only finished files, it is not refreshed until the batch ends, because files that finish
    # later are usually on a later page.
    settled = bool(page.next_query) and all(item.status in FINISHED_ITEMS for item in page.rows)
    shown = {"choice": choice, "show": choice.show, "kinds": KINDS}
    return {"batch": batch, "page": page, "settled": settled} | shown


@require_safe
async def download_ledger(request: HttpRequest, batch_id: int, kind: str) -> StreamingHttpResponse:
    """Send the ledger of one of the user's batches as `csv` or `json`."""
    scope = owner_scope(request.user)
    if not await run_export_query(scope.batches().filter(id=batch_id).exists):
        raise Http404
    export, content_type = EXPORTS[kind]
    name = f"import-{batch_id}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(export(batch_id), content_type=content_type, headers=headers)
