"""Template filters for previews."""

from django import template

from uploads.models import Upload
from uploads.preview_urls import LIST_SIDE, PAGE_SIDE, preview_url, zoom_url

register = template.Library()


@register.filter
def small_preview(upload: Upload | None) -> str:
    """Return the URL of the preview that lists show, or "" if there is none."""
    return preview_url(upload, LIST_SIDE) if upload else ""


@register.filter
def large_preview(upload: Upload) -> str:
    """Return the URL of the preview that the picture's own page shows, or "" if there is none."""
    return preview_url(upload, PAGE_SIDE)


@register.filter
def zoomed_preview(upload: Upload) -> str:
    """Return the URL of the preview for zooming in, or "" if there is none."""
    return zoom_url(upload)
