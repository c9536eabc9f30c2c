"""Render the live fragments of a batch page. The page and its socket use the same templates."""

import re
from dataclasses import replace
from typing import Any

from django.template.loader import render_to_string

from batches.live.batch_snapshot import BatchSnapshot
from batches.live.eta import Eta
from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES, BatchStatus
from uploads.analysis.disclosure import disclose

NAMES = (
    *("story", "title", "heading", "actions", "summary", "ledger"),
    *("in_progress", "problems", "announcement"),
)
"""The fragments in page order. Each has a template, `batches/_<name>.html`, whose outermost element has a unique id."""

FREQUENT, FREQUENT_BYTES = ("summary", "in_progress"), 1536
"""The fragments that nearly every frame contains, and their maximum total size in bytes."""
NAME_BYTES = 48
"""The maximum length in bytes of the escaped name of a file in progress."""
MIN_NAME_BYTES = 12
"""If names would be shorter than this, fewer files in progress are listed."""

# Matches indentation, and line breaks before a block element's tag or before the “>” of a tag. Browsers ignore these.
_INDENTATION = re.compile(r"\n\s*(?=</?(?:div|form|h1|h2|li|p|progress|section|ul)\b|>)|(?<=\n)\s+")


def fragment_context(snapshot: BatchSnapshot, eta: Eta) -> dict[str, Any]:
    return {
        "snapshot": snapshot,
        "batch": snapshot.batch,
        "eta": eta,
        "percent_tens": snapshot.batch.percent // 10 * 10,
        "live_reanalysis_id": _live_reanalysis_id(snapshot.batch),
        "private": disclose().private,
        "name_bytes": NAME_BYTES,
    }


def render_fragments(snapshot: BatchSnapshot, eta: Eta) -> dict[str, str]:
    """Render all fragments and return them by name.

    The names of files in progress are truncated and, if necessary, fewer files are listed, so that the frequent
    fragments fit into FREQUENT_BYTES.
    """
    context = fragment_context(snapshot, eta)
    fragments = {name: render_fragment(name, context) for name in NAMES if name != "in_progress"}
    others = sum(len(fragments[name].encode()) for name in FREQUENT if name in fragments)
    return fragments | {"in_progress": _render_in_progress(context, FREQUENT_BYTES - others)}


def _render_in_progress(context: dict[str, Any], max_bytes: int) -> str:
    files = context["snapshot"].in_progress
    for count in range(len(files), 0, -1):
        context |= {"snapshot": replace(context["snapshot"], in_progress=files[:count])}
        nameless = render_fragment("in_progress", context | {"name_bytes": 0})
        # Round down to a multiple of 4, so that an extra digit in a counter rarely changes where names are truncated.
        name_bytes = (max_bytes - len(nameless.encode())) // count // 4 * 4
        if name_bytes >= MIN_NAME_BYTES:
            return render_fragment("in_progress", context | {"name_bytes": min(name_bytes, NAME_BYTES)})
    return render_fragment("in_progress", context | {"name_bytes": MIN_NAME_BYTES})


def render_fragment(name: str, context: dict[str, Any]) -> str:
    """Render `batches/_<name>.html` and remove its indentation."""
    return _INDENTATION.sub("", render_to_string(f"batches/_{name}.html", context).strip())


def _live_reanalysis_id(batch: UploadBatch) -> int | None:
    """Return the id of the live re-analysis of a completed batch (or of its source, if it has one), or None."""
    if batch.status != BatchStatus.COMPLETED:
        return None
    live = UploadBatch.objects.filter(source_id=batch.source_id or batch.id, status__in=LIVE_BATCHES)
    return live.values_list("id", flat=True).first()
