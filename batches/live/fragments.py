"""Render the live fragments of a batch's page: the same templates serve the page and its socket."""

import re
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from batches.live.batch_snapshot import BatchSnapshot
from batches.live.eta import Eta
from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES, BatchStatus

NAMES = ("title", "heading", "actions", "summary", "in_progress", "problems", "announcement")
"""In page order. Each has a template `batches/_<name>.html` whose outermost element has a unique id."""

FREQUENT, FREQUENT_BYTES = ("summary", "in_progress"), 1536
"""The fragments that nearly every frame contains, and their maximum total size."""
NAME_BYTES = 48
"""The maximum size of the name of a file in progress, escaped."""

# Indentation, and line breaks before block elements and at the end of a tag; browsers ignore all of them.
_INDENTATION = re.compile(r"\n\s*(?=</?(?:div|form|h1|h2|li|p|progress|section|ul)\b|>)|(?<=\n)\s+")


def fragment_context(snapshot: BatchSnapshot, eta: Eta) -> dict[str, Any]:
    """Return the context for the templates of all fragments."""
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
    """Render all fragments, by name. Names of files in progress are truncated to keep to FREQUENT_BYTES."""
    context = fragment_context(snapshot, eta) | {"name_bytes": 0}
    fragments = {name: render_fragment(name, context) for name in NAMES}
    if snapshot.in_progress:
        bytes_left = FREQUENT_BYTES - sum(len(fragments[name].encode()) for name in FREQUENT)
        # A multiple of 4, so that an additional digit elsewhere seldom changes the truncated names.
        name_bytes = bytes_left // len(snapshot.in_progress) // 4 * 4
        fragments["in_progress"] = render_fragment("in_progress", context | {"name_bytes": min(name_bytes, NAME_BYTES)})
    return fragments


def render_fragment(name: str, context: dict[str, Any]) -> str:
    """Render `batches/_<name>.html` without its indentation."""
    return _INDENTATION.sub("", render_to_string(f"batches/_{name}.html", context).strip())


def _live_reanalysis_id(batch: UploadBatch) -> int | None:
    """Return the id of the running re-analysis of a completed batch, if any."""
    if batch.status != BatchStatus.COMPLETED:
        return None
    live = UploadBatch.objects.filter(source_id=batch.source_id or batch.id, status__in=LIVE_BATCHES)
    return live.values_list("id", flat=True).first()
