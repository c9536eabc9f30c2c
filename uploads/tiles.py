"""Render the tiles of the timeline, other lists and shared albums. Their HTML is defined only in this module."""

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from itertools import pairwise
from math import sqrt
from urllib.parse import quote

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from uploads.models import MediaKind, Upload, live_photos
from uploads.preview_urls import PreviewUrl, picture_path, preview_sources, preview_url
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
<li class="tile {ratio}"{cursor}>
  {shot}
  <input class="pick" type="checkbox" name="picture" value="{id}" form="selection" autocomplete="off"
         aria-label="{label}">
</li>
"""
_CURSOR = ' data-cursor="{}"'
_SHARED_TILE = '<li class="tile {}">{}</li>'
_SHOT = '<a class="shot" href="{}">{}{}{}</a>'
_TINT = '<svg class="tint" color="{}" aria-hidden="true"></svg>'
_IMAGE = '<img src="{}" srcset="{}" sizes="{}" alt="{}"{} loading="lazy" decoding="async">'
_NO_IMAGE = '<span class="thumb">{}</span>'
_BADGE = '<span class="badge {}">{}</span>'


def render_tiles(pictures: Iterable[Upload], live: Collection[int]) -> SafeString:
    """Return the tiles of pictures in the timeline. `live` contains the ids of those with the badge “Live”.

    A template would take five times as long, which would be most of a page's rendering time.
    """
    return _join(
        _render_tile(upload, picture_path("upload-detail", upload.pk), live, format_html(_CURSOR, place_of(upload)))
        for upload in pictures
    )


def render_list_tiles(pictures: Sequence[Upload], name: str) -> SafeString:
    """Return the tiles of pictures in a list other than the timeline; `name` identifies the list in their URLs."""
    query, live = f"?in={quote(name)}", live_photos(pictures)
    return _join(_render_tile(upload, picture_path("upload-detail", upload.pk) + query, live) for upload in pictures)


def render_hit(upload: Upload, query: str, live: Collection[int]) -> SafeString:
    """Return the link to a picture that a search found. `query` is the link's query string."""
    return _render_shot(upload, f"{picture_path('upload-detail', upload.pk)}?{query}", live, sizes=hit_sizes)


def render_shared_tiles(pictures: Sequence[Upload], token: str, first: int) -> SafeString:
    """Return the tiles of a shared album. They cannot be selected, and all their URLs start with the link's URL.

    `first` is the position of the first picture in the album, counted from 1.
    """
    live = live_photos(pictures)

    def preview(upload: Upload, side: int) -> str:
        return reverse("shared-preview", args=[token, upload.pk, side]) if str(side) in upload.previews else ""

    def shot(upload: Upload, position: int) -> SafeString:
        url = reverse("shared-picture", args=[token, upload.pk])
        return _render_shot(upload, url, live, preview=preview, name=shared_name(upload, position))

    tiles = (
        format_html(_SHARED_TILE, ratio_class(upload), shot(upload, position))
        for position, upload in enumerate(pictures, start=first)
    )
    return _join(tiles)


def shared_name(upload: Upload, position: int) -> str:
    """Return the name that visitors see for the picture at `position` in a shared album.

    It contains neither the description nor the file name, because only the picture is shared.
    """
    if upload.kind == MediaKind.VIDEO:
        return _("Video %(position)s") % {"position": position}
    return _("Picture %(position)s") % {"position": position}


def _join(tiles: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(tiles))  # noqa: S308 (the parts are escaped)


def ratio_class(upload: Upload) -> str:
    """Return the CSS class of the aspect ratio nearest to the picture's; the CSP does not allow inline styles."""
    return _CLASSES[bisect(_LIMITS, (upload.width or 1) / (upload.height or 1))]


@cache
def tile_sizes(ratio: str) -> str:
    """Return the `sizes` attribute of a tile with this class: its width before the row is stretched.

    With the exact width, browsers would load a preview three times as large for a tile that is only a little wider than
    the small preview. The numbers are those of `--row` in static/css/tiles.css.
    """
    value = _RATIOS[ratio]
    return f"(width < 40rem) {7.25 * value:.4g}rem, clamp({9 * value:.4g}rem, {11 * value:.4g}vw, {14 * value:.4g}rem)"


@cache
def hit_sizes(ratio: str) -> str:
    """Return the `sizes` attribute of a search result. The numbers are those of static/css/search.css."""
    return f"(width < 40rem) 50vw, {13 * _RATIOS[ratio]:.4g}rem"


def _render_tile(upload: Upload, url: str, live: Collection[int], cursor: SafeString | str = "") -> SafeString:
    return format_html(
        _TILE,
        ratio=ratio_class(upload),
        cursor=cursor,
        shot=_render_shot(upload, url, live),
        id=upload.pk,
        label=_("Select %(name)s") % {"name": upload.filename},
    )


def _render_shot(
    upload: Upload,
    url: str,
    live: Collection[int],
    *,
    preview: PreviewUrl = preview_url,
    sizes: Callable[[str], str] = tile_sizes,
    name: str = "",
) -> SafeString:
    """Return the link to a picture. If `name` is not blank, it replaces the description and the file name."""
    tint = format_html(_TINT, upload.tint) if upload.tint else ""
    picture = _render_picture(upload, preview, sizes(ratio_class(upload)), name)
    return format_html(_SHOT, url, tint, picture, _render_badge(upload, live))


def _render_picture(upload: Upload, preview: PreviewUrl, sizes: str, name: str) -> SafeString:
    src, srcset = preview_sources(upload, preview)
    if not src:
        return format_html(_NO_IMAGE, name or upload.filename)
    alt = name or upload.description or upload.filename
    language = "" if name or not upload.description else format_html(' lang="{}"', upload.description_language)
    return format_html(_IMAGE, src, srcset, sizes, alt, language)


def _render_badge(upload: Upload, live: Collection[int]) -> SafeString | str:
    if upload.kind == MediaKind.VIDEO:
        return format_html(_BADGE, "video", _("Video") if upload.duration is None else clock(upload.duration))
    return format_html(_BADGE, "live", _("Live")) if upload.pk in live else ""
