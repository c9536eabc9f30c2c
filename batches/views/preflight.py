"""What the page's script asks before it sends bytes: what is here already, of a batch or of the library.

All are POST with JSON, for lists are sent; none changes anything but `known`. The answers speak of the caller's own
batches and uploads alone, by the same statements whatever others have.
"""

import logging
from typing import Any

from django.http import JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from batches.engine.refusals import BatchClosed
from batches.intake import deduplication, manifest
from batches.intake.disk_space import disk_fault
from batches.intake.file_name import FileName
from batches.intake.finalize import IntakeOutcome
from batches.models.error_codes import error_text
from batches.views.json_requests import (
    BadRequest,
    PersonRequest,
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

logger = logging.getLogger(__name__)


@require_POST
@json_errors
def unfinished(request: PersonRequest) -> JsonResponse:
    """Which unfinished batches of mine hold any of `fingerprints`? → {batches: [{id, name, url, here, whole}]}."""
    sample = [digest(value, "fingerprints") for value in rows(request, "fingerprints")]
    found = manifest.unfinished(request.user.pk, sample)
    return JsonResponse({"batches": [_as_json(one) for one in found]})


def _as_json(one: manifest.Unfinished) -> dict[str, Any]:
    url = reverse("batch-detail", args=[one.batch.id])
    return {"id": one.batch.id, "name": one.batch.name, "url": url, "here": one.here, "whole": one.whole}


@require_POST
@json_errors
def read_manifest(request: PersonRequest, batch_id: int) -> JsonResponse:
    """What of this batch is here? `after` 0, then `next` → {items: [[fingerprint, size, offset, state]], next}."""
    after = number(field(request, "after"), "after")
    entries, following = manifest.read_page(own_batch(request, batch_id).id, after)
    items = [[entry.fingerprint, entry.size, entry.offset, entry.state] for entry in entries]
    return JsonResponse({"items": items, "next": following})


@require_POST
@json_errors
def known_sizes(request: PersonRequest) -> JsonResponse:
    """Which of these `sizes` in bytes do files of mine have? → {sizes}."""
    sizes = {number(value, "sizes") for value in rows(request, "sizes")}
    return JsonResponse({"sizes": deduplication.known_sizes(request.user.pk, sizes)})


@require_POST
@json_errors
def register_known(request: PersonRequest, batch_id: int) -> JsonResponse:
    """Take into my batch those of these `files` whose bytes I have → {files: [{state, words}]}, in their order.

    A file is {relative_path, filename, size, last_modified, sha256}, or with `head` in place of the digest: the Base64
    of its first 256 bytes. A state is `known`, `queued` (its earlier processing is not done), `refused` or `unknown`:
    send its bytes.
    """
    files = [_read(value) for value in rows(request, "files")]
    batch = own_batch(request, batch_id)
    try:
        outcomes = deduplication.register_known(batch, files)
    except BatchClosed as error:
        raise BadRequest(410, error.code, error.message) from error
    except OSError as error:
        logger.warning("known: the disk refused: %s", error)
        fault = disk_fault(error)
        raise BadRequest(507, fault.code, fault.message) from error
    return JsonResponse({"files": [_told(outcome) for outcome in outcomes]})


def _read(value: Any) -> deduplication.HashedFile | deduplication.SampledFile:
    if not isinstance(value, dict):
        raise malformed("`files` holds objects")
    path, name = text_of(value.get("relative_path"), "relative_path"), text_of(value.get("filename"), "filename")
    modified = text_of(value.get("last_modified"), "last_modified")
    size = number(value.get("size"), "size")
    file = FileName(name, size, path, modified)
    if "head" in value:
        return deduplication.SampledFile(file, base64(value["head"], "head"))
    return deduplication.HashedFile(file, digest(value.get("sha256"), "sha256"))


def _told(outcome: IntakeOutcome | None) -> dict[str, str]:
    if outcome is None:
        return {"state": "unknown", "words": ""}
    return {"state": outcome.state, "words": error_text(outcome.code, outcome.message).text if outcome.code else ""}
