"""The live parts of a batch's page as HTML: the same templates for the page and for its socket."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from batches.pace import Pace, time_left
from batches.progress import Snapshot, described_again_by
from batches.states import BatchStatus

NAMES = ("heading", "summary", "in_hand", "needs_a_look", "announcement")
"""In the order of the page; each has a template `batches/_<name>.html` whose outermost element has an id of its own."""


def parts_context(snapshot: Snapshot, pace: Pace | None = None) -> dict[str, Any]:
    """Return what the templates of the parts need."""
    running = snapshot.batch.status == BatchStatus.PROCESSING
    rate = pace.rate if pace and running else None
    missing = snapshot.batch.whole - snapshot.batch.processed - snapshot.batch.cancelled
    return {
        "snapshot": snapshot,
        "batch": snapshot.batch,
        "rate": rate,
        "time_left": time_left(missing, rate),
        "tens": snapshot.batch.percent // 10 * 10,
        "described_again_by": described_again_by(snapshot.batch),
        "stored": snapshot.batch.successful or snapshot.retryable,
        "private": settings.ANALYZER == "local",
    }


def render_parts(snapshot: Snapshot, pace: Pace | None = None) -> dict[str, str]:
    """Render all live parts, by name."""
    context = parts_context(snapshot, pace)
    return {name: render_to_string(f"batches/_{name}.html", context).strip() for name in NAMES}
