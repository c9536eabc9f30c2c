"""The tiles of the timeline. This module is the only place for their HTML."""

from bisect import bisect
from collections.abc import Collection, Iterable
from itertools import pairwise
from math import sqrt

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from uploads.models import MediaKind, Upload
from uploads.preview_urls import picture_path, preview_sources
from uploads.text import clock
from uploads.timeline import place_of

# Width divided by height. static/css/tiles.css has a class for each: r15 is 1.5.
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
_CLASSES, _VALUES = list(_RATIOS), list(_RATIOS.values())
_LIMITS = [sqrt(low * high) for low, high in pairwise(_VALUES)]

_TILE = """\
<li class="tile {ratio}" data-cursor="{cursor}">
  <a class="shot" href="{url}">{tint}{picture}{badge}</a>
  <input class="pick" type="checkbox" name="picture" value="{id}" form="selection" autocomplete="off"
         aria-label="{label}">
</li>
"""
_TINT = '<svg class="tint" color="{}" aria-hidden="true"></svg>'
_IMAGE = '<img src="{}" srcset="{}" sizes="auto, 18rem" alt="{}"{} loading="lazy" decoding="async">'
_NO_IMAGE = '<span class="thumb">{}</span>'
_BADGE = '<span class="badge {}">{}</span>'


def render_tiles(pictures: Iterable[Upload], live: Collection[int]) -> SafeString:
    """Return the tiles of pictures in the timeline. `live` contains the ids of live photos.

    A template would take five times as long, and most of the time of a page.
    """
    return mark_safe("".join(_render_tile(upload, live) for upload in pictures))  # noqa: S308 (the parts are escaped)


def ratio_class(upload: Upload) -> str:
    """Return the class of the ratio nearest to the picture's, because the CSP allows no inline style."""
    return _CLASSES[bisect(_LIMITS, (upload.width or 1) / (upload.height or 1))]


def _render_tile(upload: Upload, live: Collection[int]) -> SafeString:
    return format_html(
        _TILE,
        ratio=ratio_class(upload),
        cursor=place_of(upload),
        url=picture_path("upload-detail", upload.pk),
        tint=format_html(_TINT, upload.tint) if upload.tint else "",
        picture=_render_picture(upload),
        badge=_render_badge(upload, live),
        id=upload.pk,
        label=_("Select %(name)s") % {"name": upload.filename},
    )


def _render_picture(upload: Upload) -> SafeString:
    src, srcset = preview_sources(upload)
    if not src:
        return format_html(_NO_IMAGE, upload.filename)
    if not upload.description:
        return format_html(_IMAGE, src, srcset, upload.filename, "")
    language = format_html(' lang="{}"', upload.description_language)
    return format_html(_IMAGE, src, srcset, upload.description, language)


def _render_badge(upload: Upload, live: Collection[int]) -> SafeString | str:
    if upload.kind == MediaKind.VIDEO:
        return format_html(_BADGE, "video", _("Video") if upload.duration is None else clock(upload.duration))
    return format_html(_BADGE, "live", _("Live")) if upload.pk in live else ""
