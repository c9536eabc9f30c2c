"""Determine what browsers can play: videos, animated pictures and the videos in motion photos."""

from django.urls import reverse

from uploads.models import MediaKind, Upload
from uploads.storage.byte_range import ByteRange

ANIMATED_TYPES = frozenset({"image/gif", "image/webp", "image/png", "image/avif"})
"""Picture types that browsers can animate without running any code in them."""

MAX_ANIMATION_BYTES = 32 * 2**20
"""Larger animations are shown only as a preview, because browsers would load them completely."""

# HEVC can be played on Apple devices, and elsewhere if the graphics hardware decodes it.
_CODECS = frozenset({"h264", "hevc", "av1", "vp8", "vp9"})
_CONTAINERS = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "video/webm", "video/x-matroska"})


def is_playable(upload: Upload) -> bool:
    """Return whether some browsers can play this video."""
    return (
        upload.kind == MediaKind.VIDEO and upload.mime_type in _CONTAINERS and upload.metadata.get("codec") in _CODECS
    )


def is_animated(upload: Upload) -> bool:
    """Return whether to show the original as an animation: browsers support its type, and it is not too large."""
    return (
        upload.mime_type in ANIMATED_TYPES
        and upload.metadata.get("animated") is True
        and upload.size <= MAX_ANIMATION_BYTES
    )


def motion_part(upload: Upload) -> ByteRange | None:
    """Return the byte range of the video within a motion photo's original, or None if there is no video."""
    motion = upload.metadata.get("motion")
    if not isinstance(motion, dict):
        return None
    start, length = motion["offset"], motion["length"]
    return ByteRange(start, start + length - 1) if 0 < start < start + length <= upload.size else None


def film_url(upload: Upload) -> str:
    """Return the URL of a video that browsers can play, or ""."""
    return reverse("upload-original", args=[upload.pk]) if is_playable(upload) else ""


def animation_url(upload: Upload) -> str:
    """Return the URL of an animated picture, or ""."""
    return reverse("upload-animation", args=[upload.pk]) if is_animated(upload) else ""


def motion_url(upload: Upload) -> str:
    """Return the URL of the video in a motion photo, or ""."""
    return reverse("upload-motion", args=[upload.pk]) if motion_part(upload) else ""
