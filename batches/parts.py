"""The live parts of a batch's page as HTML: the same templates for the page and for its socket."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from batches.outlook import Outlook
from batches.progress import Snapshot, described_again_by

NAMES = ("title", "heading", "actions", "summary", "in_hand", "needs_a_look", "announcement")
"""In the order of the page; each has a template `batches/_<name>.html` whose outermost element has an id of its own."""


def parts_context(snapshot: Snapshot, outlook: Outlook) -> dict[str, Any]:
    """Return what the templates of the parts need."""
    return {
        "snapshot": snapshot,
        "batch": snapshot.batch,
        "outlook": outlook,
        "tens": snapshot.batch.percent // 10 * 10,
        "described_again_by": described_again_by(snapshot.batch),
        "stored": snapshot.batch.successful or any(snapshot.failures.stored.values()),
        "private": settings.ANALYZER == "local",
    }


def render_parts(snapshot: Snapshot, outlook: Outlook) -> dict[str, str]:
    """Render all live parts, by name."""
    context = parts_context(snapshot, outlook)
    return {name: render_to_string(f"batches/_{name}.html", context).strip() for name in NAMES}
