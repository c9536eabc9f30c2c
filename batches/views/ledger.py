"""Download the ledger of a batch."""

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from batches.failures.ledger_export import ledger_csv, ledger_json
from batches.services import owner_scope
from uploads.db_threads import run_export_query

EXPORTS = {"csv": (ledger_csv, "text/csv; charset=utf-8"), "json": (ledger_json, "application/json")}


@require_safe
async def download(request: HttpRequest, batch_id: int, kind: str) -> StreamingHttpResponse:
    """Send the ledger of one of the user's batches as `csv` or `json`."""
    scope = owner_scope(request.user)
    if not await run_export_query(scope.batches().filter(id=batch_id).exists):
        raise Http404
    export, content_type = EXPORTS[kind]
    name = f"import-{batch_id}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(export(batch_id), content_type=content_type, headers=headers)
