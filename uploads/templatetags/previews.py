"""Pictures in templates."""

from django import template

from uploads.models import Upload
from uploads.preview_urls import LIST_SIDE, PAGE_SIDE, preview_url

register = template.Library()


@register.filter
def small_preview(upload: Upload | None) -> str:
    """The address of the picture for lists, or nothing."""
    return preview_url(upload, LIST_SIDE) if upload else ""


@register.filter
def large_preview(upload: Upload) -> str:
    """The address of the picture for its own page, or nothing."""
    return preview_url(upload, PAGE_SIDE)
