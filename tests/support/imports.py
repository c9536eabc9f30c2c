"""Add pictures and sidecars to a batch, and finish pictures without the pipeline."""

import io
import json
from functools import partial
from typing import Any

from batches.engine import claim, finish_item, incoming
from batches.engine.link_picture import link_duplicate, save_picture
from batches.intake.file_name import FileName
from batches.intake.outcome import IntakeOutcome
from batches.intake.receive import receive_file
from batches.models import BatchItem, UploadBatch
from tests.support.batches import digest
from uploads.models import MediaKind, Upload
from uploads.pipeline import Result

WORKER = 4711


def queue_picture(batch: UploadBatch, path: str, seed: str = "") -> Upload:
    """Register a picture or video and queue it, or complete it as a duplicate if the same file was already processed.

    Files with the same `seed` (default: the path) count as identical.
    """
    name = path.rpartition("/")[2]
    kind = MediaKind.VIDEO if name.lower().endswith((".mov", ".mp4")) else MediaKind.IMAGE
    item, _ = incoming.register_item(batch.id, incoming.NewFile(name, path, digest(batch.id, path), 1000))
    upload, _ = Upload.objects.get_or_create(
        owner=batch.owner,
        sha256=digest(seed or path),
        defaults={"filename": name, "size": 1000, "mime_type": f"{kind}/x", "kind": kind},
    )
    if upload.processed_at:
        incoming.complete_duplicate(item.id, upload.id)
    else:
        incoming.queue_item(item.id, upload.id)
    return upload


def send_sidecar(batch: UploadBatch, path: str, content: str | bytes | dict[str, Any]) -> IntakeOutcome:
    """Receive a sidecar; a dict is sent as JSON."""
    text = json.dumps(content) if isinstance(content, dict) else content
    data = text.encode() if isinstance(text, str) else text
    name = FileName(path.rpartition("/")[2], len(data), path, "1")
    return receive_file(batch, name, io.BytesIO(data))


def finish_all(batch: UploadBatch, **result: Any) -> None:
    """Finish all pending pictures of a batch, each with the values in `result`. Duplicates are only linked."""
    while claimed := claim.claim_item(batch.id, WORKER):
        assert claimed.upload_id
        kind = Upload.objects.get(id=claimed.upload_id).kind
        save = (
            partial(link_duplicate, claimed.item_id, claimed.upload_id)
            if claimed.already_processed
            else partial(save_picture, claimed.item_id, claimed.upload_id, make_result(kind=kind, **result), {})
        )
        assert finish_item.complete_item(claimed, save)


def make_result(**values: Any) -> Result:
    """Return a pipeline result with `values`, and with defaults for the others."""
    defaults: dict[str, Any] = {
        "kind": "image",
        "mime_type": "image/jpeg",
        "width": 4,
        "height": 3,
        "duration": None,
        "taken_at": None,
        "utc_offset": None,
        "taken_source": "exif" if values.get("taken_at") else "",
        "camera": "",
        "latitude": None,
        "longitude": None,
        "metadata": {},
        "previews": {},
        "tint": "#8a7f6b",
        "labels": (),
        "description": "A glacier.",
        "description_model": "stub",
        "audit_score": 90,
        "regenerations": 0,
        "embedding_model": "",
        "vector": None,
        "code": b"",
        "features": None,
    }
    return Result(**{**defaults, **values})


def sidecar_items(batch: UploadBatch) -> list[BatchItem]:
    """Return the items of a batch that completed as sidecars."""
    return list(batch.items.filter(result="sidecar").order_by("id"))
