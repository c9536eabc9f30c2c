"""Template filters for previews, tiles and playback."""

from math import log

from django import template
from django.utils.translation import gettext as _

from uploads import playback
from uploads.models import Upload
from uploads.preview_urls import LIST_SIDE, PAGE_SIDE, preview_sources, preview_url, zoom_url
from uploads.timeline import place_of

register = template.Library()

# Width divided by height. static/css/library.css has a class for each: r15 is 1.5.
_RATIOS = {
    "r4": 0.4615,
    "r5": 0.5625,
    "r6": 0.6667,
    "r8": 0.75,
    "r9": 0.8667,
    "r10": 1,
    "r12": 1.2,
    "r13": 1.3333,
    "r15": 1.5,
    "r18": 1.7778,
    "r20": 2,
    "r24": 2.4,
    "r30": 3,
    "r40": 4,
}


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


@register.filter
def ratio_class(upload: Upload) -> str:
    """Return the class of the ratio nearest to the picture's, because the CSP allows no inline style."""
    wanted = log((upload.width or 1) / (upload.height or 1))
    return min(_RATIOS, key=lambda name: abs(log(_RATIOS[name]) - wanted))


@register.filter
def cursor(upload: Upload) -> str:
    """Return the cursor of an upload in the timeline. The timeline must contain the upload."""
    return str(place_of(upload))


@register.filter
def selection_label(upload: Upload) -> str:
    """Return the label of a tile's check box. `{% blocktranslate %}` would take five times as long."""
    return _("Select %(name)s") % {"name": upload.filename}


register.filter("preview_sources", preview_sources)
register.filter("film_url", playback.film_url)
register.filter("animation_url", playback.animation_url)
register.filter("motion_url", playback.motion_url)


@register.filter
def clock(seconds: float) -> str:
    """Format a duration like a video player: 0:07, 12:34 or 1:02:03."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
