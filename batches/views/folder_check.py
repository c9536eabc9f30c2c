"""The "Safe to delete?" page: files are hashed in the browser, and only their hashes and sizes are sent."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from batches.intake.stored_files import FileDigest, StoredFile, find_stored
from batches.services import owner_scope
from batches.views.json_requests import SignedInRequest, digest, json_errors, malformed, number, rows
from batches.views.upload import script_context


@require_safe
@never_cache
def folder_check(request: SignedInRequest) -> HttpResponse:
    """Show the page. Like the upload page, it can add the files that are not stored."""
    return render(request, "batches/folder_check.html", script_context(request))


@require_POST
@json_errors
def check_files(request: SignedInRequest) -> JsonResponse:
    """Look up `files`, each {sha256, size} → {files: [{state, verified_at}]}, in the same order.

    The states are those of StoredState. `verified_at` is an ISO 8601 time, or null if the stored bytes have not been
    read again since they were received.
    """
    found = find_stored(owner_scope(request.user), [_read(value) for value in rows(request, "files")])
    return JsonResponse({"files": [_as_json(file) for file in found]})


def _read(value: Any) -> FileDigest:
    if not isinstance(value, dict):
        raise malformed("`files` must hold objects")
    return FileDigest(digest(value.get("sha256"), "sha256"), number(value.get("size"), "size"))


def _as_json(file: StoredFile) -> dict[str, str | None]:
    return {"state": file.state, "verified_at": file.verified_at.isoformat() if file.verified_at else None}
