"""The live parts of a batch's page as HTML: the same templates for the page and for its socket."""

import re
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from batches.live.batch_snapshot import BatchSnapshot
from batches.live.eta import Eta
from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES, BatchStatus

NAMES = ("title", "heading", "actions", "summary", "in_progress", "problems", "announcement")
"""In the order of the page; each has a template `batches/_<name>.html` whose outermost element has an id of its own."""

FRAME, FRAME_BYTES = ("summary", "in_progress"), 1536
"""The parts that nearly every frame holds, and how large they are together at most."""
NAME_BYTES = 48
"""The same for the name of a file in hand, escaped."""

# Indentation, and line breaks before block elements; browsers ignore both.
_INDENTATION = re.compile(r"\n\s*(?=</?(?:div|form|h1|h2|li|p|progress|section|ul)\b)|(?<=\n)\s+")


def fragment_context(snapshot: BatchSnapshot, eta: Eta) -> dict[str, Any]:
    """Return what the templates of the parts need."""
    return {
        "snapshot": snapshot,
        "batch": snapshot.batch,
        "eta": eta,
        "percent_tens": snapshot.batch.percent // 10 * 10,
        "live_reanalysis_id": _live_reanalysis_id(snapshot.batch),
        "stored": snapshot.batch.successful or any(snapshot.failures.stored.values()),
        "private": settings.ANALYZER == "local",
        "name_bytes": NAME_BYTES,
    }


def render_fragments(snapshot: BatchSnapshot, eta: Eta) -> dict[str, str]:
    """Render all live parts, by name. Names of files in hand share the room that a frame leaves them."""
    context = fragment_context(snapshot, eta) | {"name_bytes": 0}
    parts = {name: _render(name, context) for name in NAMES}
    if snapshot.in_progress:
        left = FRAME_BYTES - sum(len(parts[name].encode()) for name in FRAME)
        # In steps, so that a longer number elsewhere seldom changes the names.
        room = left // len(snapshot.in_progress) // 4 * 4
        parts["in_progress"] = _render("in_progress", context | {"name_bytes": min(room, NAME_BYTES)})
    return parts


def _render(name: str, context: dict[str, Any]) -> str:
    return _INDENTATION.sub("", render_to_string(f"batches/_{name}.html", context).strip())


def _live_reanalysis_id(batch: UploadBatch) -> int | None:
    """Return the id of the running re-analysis of a completed batch, if any."""
    if batch.status != BatchStatus.COMPLETED:
        return None
    live = UploadBatch.objects.filter(source_id=batch.source_id or batch.id, status__in=LIVE_BATCHES)
    return live.values_list("id", flat=True).first()
