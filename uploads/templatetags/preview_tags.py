"""Template filters for previews, tiles and playback."""

from django import template

from uploads import playback
from uploads.models import Upload
from uploads.preview_urls import LIST_SIDE, PAGE_SIDE, preview_url, zoom_url
from uploads.text import clock
from uploads.tiles import ratio_class, render_tiles

register = template.Library()


@register.filter
def small_preview(upload: Upload | None) -> str:
    """Return the URL of the preview to show in lists, or "" if there is none."""
    return preview_url(upload, LIST_SIDE) if upload else ""


@register.filter
def large_preview(upload: Upload) -> str:
    """Return the URL of the preview that the picture's own page shows, or "" if there is none."""
    return preview_url(upload, PAGE_SIDE)


@register.filter
def zoomed_preview(upload: Upload) -> str:
    """Return the URL of the preview for zooming in, or "" if there is none."""
    return zoom_url(upload)


register.filter(ratio_class)
register.filter("tiles", render_tiles)
register.filter("film_url", playback.film_url)
register.filter("animation_url", playback.animation_url)
register.filter("motion_url", playback.motion_url)
register.filter(clock)
