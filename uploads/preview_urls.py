"""Addresses of pictures."""

from urllib.parse import urlencode

from django.urls import reverse

from uploads.models import Upload

LIST_SIDE = 320
PAGE_SIDE = 1024


def preview_version(upload: Upload) -> str:
    """Return a text that changes with every processing and cannot be guessed from the upload's number.

    With it in the address a browser may keep a preview for good: a new one has a new address, and another account on
    the same browser cannot name the kept one.
    """
    moment = int(upload.processed_at.timestamp()) if upload.processed_at else 0
    return f"{upload.key.hex[:12]}{moment:x}"


def preview_url(upload: Upload, side: int) -> str:
    """Return the address of the preview whose longest side is at most `side` pixels, or nothing while there is none."""
    if str(side) not in upload.previews:
        return ""
    return f"{reverse('upload-preview', args=[upload.pk, side])}?{urlencode({'v': preview_version(upload)})}"
