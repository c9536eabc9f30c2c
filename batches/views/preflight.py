"""Views for the upload script: which files need not be sent, and which ones are announced or skipped.

All requests are POSTs, because most of them contain lists as JSON. Only `announce`, `ignore` and `register_unsent`
change items; each request about a batch records that its uploader is active. The responses cover only the user's own
batches and uploads, and do not depend on what other users have.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from batches.engine.refusals import BatchClosed, FileRefused
from batches.intake import manifest, preflight
from batches.intake.activity import record_activity
from batches.intake.disk_space import disk_error_code, error_status
from batches.intake.file_name import FileName
from batches.intake.outcome import IntakeOutcome
from batches.intake.owner_limits import RateExceeded
from batches.intake.partial_file import PartialFileBusy
from batches.intake.register import announce_files, ignore_files
from batches.models import UploadBatch
from batches.models.error_codes import IGNORED_CODES, error_text
from batches.services import owner_scope
from batches.views.json_requests import (
    BadRequest,
    SignedInRequest,
    base64,
    digest,
    field,
    json_errors,
    malformed,
    number,
    own_batch,
    rows,
)
from batches.views.json_requests import text as text_of


@require_POST
@json_errors
def unfinished(request: SignedInRequest) -> JsonResponse:
    """Find unfinished batches with any of the `fingerprints` → {batches: [{id, name, url, received, expected}]}.

    `received` and `expected` are numbers of files.
    """
    sample = [digest(value, "fingerprints") for value in rows(request, "fingerprints")]
    found = manifest.find_unfinished(owner_scope(request.user), sample)
    return JsonResponse({"batches": [_as_json(batch) for batch in found]})


def _as_json(found: manifest.UnfinishedBatch) -> dict[str, Any]:
    batch = found.batch
    url = reverse("batch-detail", args=[batch.id])
    return {"id": batch.id, "name": batch.name, "url": url, "received": found.received, "expected": found.expected}


@require_POST
@json_errors
def read_manifest(request: SignedInRequest, batch_id: int) -> JsonResponse:
    """List a batch's items with ids above `after` → {items: [[fingerprint, size, offset, state]], next}.

    `after` is 0 in the first request, and the `next` of the previous response in later ones. On the last page, `next`
    is null.
    """
    after = number(field(request, "after"), "after")
    entries, following = manifest.read_page(_uploading_batch(request, batch_id).id, after)
    items = [[entry.fingerprint, entry.size, entry.offset, entry.state] for entry in entries]
    return JsonResponse({"items": items, "next": following})


@require_POST
@json_errors
def announce(request: SignedInRequest, batch_id: int) -> JsonResponse:
    """Announce `files`, which are listed as missing until they arrive → {announced}, the number of new items.

    A file is {relative_path, filename, size, last_modified}.
    """
    files = [_read_name(value).as_new_file() for value in rows(request, "files")]
    batch = _uploading_batch(request, batch_id)
    with intake_errors():
        return JsonResponse({"announced": announce_files(batch, files)})


@require_POST
@json_errors
def ignore(request: SignedInRequest, batch_id: int) -> JsonResponse:
    """Record the `files` that the client skips → {ignored}, the number of new items.

    A file is {relative_path, filename, size, last_modified, reason}; the reason is `junk`, `export`, `hidden`, `empty`
    or `unreadable`.
    """
    values = rows(request, "files")
    files = [_read_name(value).as_new_file() for value in values]
    codes = [_ignored_code(value.get("reason")) for value in values]
    batch = _uploading_batch(request, batch_id)
    with intake_errors():
        return JsonResponse({"ignored": ignore_files(batch, files, codes, remote=True)})


@require_POST
@json_errors
def keep_alive(request: SignedInRequest, batch_id: int) -> JsonResponse:
    """Record that the upload page is open. It may send nothing else for a while, for example while it hashes files."""
    _uploading_batch(request, batch_id)
    return JsonResponse({})


@require_POST
@json_errors
def library_sizes(request: SignedInRequest) -> JsonResponse:
    """Find the `sizes`, in bytes, that match files in the user's library → {sizes}."""
    sizes = {number(value, "sizes") for value in rows(request, "sizes")}
    return JsonResponse({"sizes": preflight.library_sizes(owner_scope(request.user), sizes)})


@require_POST
@json_errors
def register_unsent(request: SignedInRequest, batch_id: int) -> JsonResponse:
    """Register the `files` whose bytes need not be sent → {files: [{state, message}]}, in the order of `files`.

    A file is {relative_path, filename, size, last_modified} with either `sha256` or `head`, its first 512 bytes as
    Base64. Its state is that of an IntakeOutcome, such as `duplicate`, `queued` (the library has it, but it was never
    fully processed) or `refused`; or it is `unknown` (its bytes must be sent).
    """
    files = [_read(value) for value in rows(request, "files")]
    batch = _uploading_batch(request, batch_id)
    with intake_errors():
        outcomes = preflight.register_unsent(batch, files)
    return JsonResponse({"files": [_outcome_json(outcome) for outcome in outcomes]})


@contextmanager
def intake_errors() -> Iterator[None]:
    """Turn intake errors into BadRequest."""
    try:
        yield
    except BatchClosed as error:
        raise BadRequest(410, error.code) from error
    except RateExceeded as error:
        raise BadRequest(429, error.code, retry_after=error.retry_after) from error
    except FileRefused as error:
        raise BadRequest(413, error.code) from error
    except PartialFileBusy as error:
        raise BadRequest(423, "upload.busy") from error
    except OSError as error:
        code = disk_error_code(error)
        raise BadRequest(error_status(code), code) from error


def _uploading_batch(request: SignedInRequest, batch_id: int) -> UploadBatch:
    batch = own_batch(request, batch_id)
    record_activity(batch)
    return batch


def _read_name(value: Any) -> FileName:
    if not isinstance(value, dict):
        raise malformed("`files` must hold objects")
    path, name = text_of(value.get("relative_path"), "relative_path"), text_of(value.get("filename"), "filename")
    return FileName(name, number(value.get("size"), "size"), path, text_of(value.get("last_modified"), "last_modified"))


def _ignored_code(reason: Any) -> str:
    code = f"ignored.{reason}"
    if code not in IGNORED_CODES:
        raise malformed("`reason` must be junk, export, hidden, empty or unreadable")
    return code


def _read(value: Any) -> preflight.HashedFile | preflight.SampledFile:
    file = _read_name(value)
    if "head" in value:
        return preflight.SampledFile(file, base64(value["head"], "head"))
    return preflight.HashedFile(file, digest(value.get("sha256"), "sha256"))


def _outcome_json(outcome: IntakeOutcome | None) -> dict[str, str]:
    if outcome is None:
        return {"state": "unknown", "message": ""}
    return {"state": outcome.state, "message": error_text(outcome.code, outcome.message).text if outcome.code else ""}
