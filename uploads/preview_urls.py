"""URLs of pictures, and of previews that browsers can cache permanently."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from django.urls import reverse

from uploads.media import ZOOM_SIDE
from uploads.models import MediaKind, Upload

PreviewUrl = Callable[[Upload, int], str]

LIST_SIDE = 320
PAGE_SIDE = 1024


def picture_path(view: str, upload_id: int, *args: object) -> str:
    """Return the same path as `reverse(view, args=[upload_id, *args])`, but in a tenth of the time.

    Pages with many pictures contain hundreds of such paths.
    """
    return _path_of_zero(view, *args).replace("/0/", f"/{upload_id}/", 1)


@cache
def _path_of_zero(view: str, *args: object) -> str:
    return reverse(view, args=[0, *args])


def preview_version(upload: Upload) -> str:
    """Return a string that changes whenever the upload is processed and cannot be guessed from its id.

    If a preview's URL contains this string, browsers can cache the preview permanently: a new preview has a new URL,
    and another account in the same browser cannot guess the URL of a cached preview.
    """
    processed = int(upload.processed_at.timestamp()) if upload.processed_at else 0
    return f"{upload.key.hex[:12]}{processed:x}"


def preview_url(upload: Upload, side: int) -> str:
    """Return the URL of the preview whose longest side is at most `side` pixels, or "" if there is no such preview."""
    return _url(upload, side) if str(side) in upload.previews else ""


class Sources(NamedTuple):
    """The attributes of a tile's <img>; "" if there is no preview. `srcset` is also "" without a width or height."""

    src: str
    srcset: str


def preview_sources(upload: Upload, url: PreviewUrl) -> Sources:
    """Return the URLs of the previews that a tile may show. `url` is a function like `preview_url`."""
    urls = [(side, url(upload, side)) for side in (LIST_SIDE, PAGE_SIDE)]
    if not upload.width or not upload.height:
        return Sources(urls[0][1], "")
    scale = upload.width / max(upload.width, upload.height)
    widths = ((address, max(1, min(upload.width, round(scale * side)))) for side, address in urls if address)
    return Sources(urls[0][1], ", ".join(f"{address} {width}w" for address, width in widths))


def zoom_url(upload: Upload) -> str:
    """Return the URL of the preview that is created on demand.

    Return "" if it would not be larger than the stored ones, or if the upload is not a processed picture.
    """
    has_more = max(upload.width or 0, upload.height or 0) > PAGE_SIDE
    is_ready = str(PAGE_SIDE) in upload.previews and upload.kind == MediaKind.IMAGE
    return _url(upload, ZOOM_SIDE) if is_ready and has_more else ""


def _url(upload: Upload, side: int) -> str:
    return f"{picture_path('upload-preview', upload.pk, side)}?v={preview_version(upload)}"
