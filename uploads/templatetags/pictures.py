"""Pictures in templates."""

from django import template

from uploads.addresses import LIST_SIDE, PAGE_SIDE, preview_address
from uploads.models import Upload

register = template.Library()


@register.filter
def small_preview(upload: Upload | None) -> str:
    """The address of the picture for lists, or nothing."""
    return preview_address(upload, LIST_SIDE) if upload else ""


@register.filter
def large_preview(upload: Upload) -> str:
    """The address of the picture for its own page, or nothing."""
    return preview_address(upload, PAGE_SIDE)
