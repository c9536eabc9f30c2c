"""What the page's script asks before it sends bytes: what is here already, of a batch or of the library.

All are POST with JSON, for lists are sent; none changes anything but `known`. The answers speak of the caller's own
batches and uploads alone, by the same statements whatever others have.
"""

import logging
from typing import Any

from django.http import JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from batches.causes import words_for
from batches.engine.errors import BatchClosed
from batches.intake import known, manifest
from batches.intake.disk import fault_of
from batches.intake.ending import Outcome
from batches.intake.names import FileName
from batches.views.asked import (
    NotTaken,
    PersonRequest,
    base64,
    digest,
    field,
    json_door,
    malformed,
    number,
    own_batch,
    rows,
)
from batches.views.asked import text as text_of

logger = logging.getLogger(__name__)


@require_POST
@json_door
def unfinished(request: PersonRequest) -> JsonResponse:
    """Which unfinished batches of mine hold any of `fingerprints`? → {batches: [{id, name, url, here, whole}]}."""
    sample = [digest(value, "fingerprints") for value in rows(request, "fingerprints")]
    found = manifest.unfinished(request.user.pk, sample)
    return JsonResponse({"batches": [_as_json(one) for one in found]})


def _as_json(one: manifest.Unfinished) -> dict[str, Any]:
    url = reverse("batch-detail", args=[one.batch.id])
    return {"id": one.batch.id, "name": one.batch.name, "url": url, "here": one.here, "whole": one.whole}


@require_POST
@json_door
def read_manifest(request: PersonRequest, batch_id: int) -> JsonResponse:
    """What of this batch is here? `after` 0, then `next` → {items: [[fingerprint, size, offset, state]], next}."""
    after = number(field(request, "after"), "after")
    entries, following = manifest.read_page(own_batch(request, batch_id).id, after)
    items = [[entry.fingerprint, entry.size, entry.offset, entry.state] for entry in entries]
    return JsonResponse({"items": items, "next": following})


@require_POST
@json_door
def known_sizes(request: PersonRequest) -> JsonResponse:
    """Which of these `sizes` in bytes do files of mine have? → {sizes}."""
    sizes = {number(value, "sizes") for value in rows(request, "sizes")}
    return JsonResponse({"sizes": known.known_sizes(request.user.pk, sizes)})


@require_POST
@json_door
def take_known(request: PersonRequest, batch_id: int) -> JsonResponse:
    """Take into my batch those of these `files` whose bytes I have → {files: [{state, words}]}, in their order.

    A file is {relative_path, filename, size, last_modified, sha256}, or with `head` in place of the digest: the Base64
    of its first 256 bytes. A state is `known`, `queued` (its earlier processing is not done), `refused` or `unknown`:
    send its bytes.
    """
    files = [_read(value) for value in rows(request, "files")]
    batch = own_batch(request, batch_id)
    try:
        outcomes = known.take_known(batch, files)
    except BatchClosed as error:
        raise NotTaken(410, error.code, error.message) from error
    except OSError as error:
        logger.warning("known: the disk refused: %s", error)
        fault = fault_of(error)
        raise NotTaken(507, fault.code, fault.message) from error
    return JsonResponse({"files": [_told(outcome) for outcome in outcomes]})


def _read(value: Any) -> known.HashedFile | known.BegunFile:
    if not isinstance(value, dict):
        raise malformed("`files` holds objects")
    path, name = text_of(value.get("relative_path"), "relative_path"), text_of(value.get("filename"), "filename")
    modified = text_of(value.get("last_modified"), "last_modified")
    size = number(value.get("size"), "size")
    file = FileName(name, size, path, modified)
    if "head" in value:
        return known.BegunFile(file, base64(value["head"], "head"))
    return known.HashedFile(file, digest(value.get("sha256"), "sha256"))


def _told(outcome: Outcome | None) -> dict[str, str]:
    if outcome is None:
        return {"state": "unknown", "words": ""}
    return {"state": outcome.state, "words": words_for(outcome.code, outcome.message).text if outcome.code else ""}
