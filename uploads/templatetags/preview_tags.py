"""Template filters and tags for previews, tiles and playback."""

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from uploads import playback
from uploads.button_requests import MAX_PICTURES
from uploads.models import Upload
from uploads.preview_urls import LIST_SIDE, PAGE_SIDE, preview_url, zoom_url
from uploads.text import clock
from uploads.tiles import (
    ratio_class,
    render_hit,
    render_list_tiles,
    render_shared_tiles,
    render_tiles,
    shared_name,
)

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


@register.simple_tag
def selection_limit() -> SafeString:
    """Return the attributes that static/js/selection.js uses to limit a selection."""
    text = _("Select up to %(limit)s pictures at a time.") % {"limit": intcomma(MAX_PICTURES)}
    return format_html('data-most="{}" data-over="{}"', MAX_PICTURES, text)


register.filter(ratio_class)
register.filter("tiles", render_tiles)
register.filter("list_tiles", render_list_tiles)
register.simple_tag(render_shared_tiles, name="shared_tiles")
register.filter(shared_name)
register.simple_tag(render_hit, name="hit")
register.filter("film_url", playback.film_url)
register.filter("animation_url", playback.animation_url)
register.filter("motion_url", playback.motion_url)
register.filter(clock)
