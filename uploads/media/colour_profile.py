"""Convert pixels to sRGB from the colour space that an ICC profile defines."""

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

GREY_MODES = frozenset({"1", "L", "LA", "La", "I;16", "I;16L", "I;16B"})

# Cameras and phones write smaller profiles; a malicious JPEG can contain one of 16 MB.
_MAX_CACHED_PROFILE_BYTES = 64 * 1024
# sRGB profiles differ slightly because of rounding, so differences up to this number of levels are ignored.
_TOLERANCE = 2
_GREY, _RGB = "GRAY", "RGB "


@dataclass(frozen=True, slots=True)
class ProfileTransform:
    """A conversion to sRGB from the Pillow mode `mode`: L, RGB, CMYK or LAB."""

    mode: str
    transform: ImageCms.ImageCmsTransform


def profile_transform(profile: bytes, mode: str) -> ProfileTransform | None:
    """Return the conversion to sRGB for a picture with the ICC profile `profile` and the mode `mode` (L, RGB or CMYK).

    Return None if the conversion would hardly change the colours, or if the profile is invalid or for another mode.
    """
    build = _cached_transform if len(profile) < _MAX_CACHED_PROFILE_BYTES else _build_transform
    try:
        return build(profile, mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None  # the profile is broken; show the colours unconverted


def apply_transform(image: Image.Image, transform: ProfileTransform) -> Image.Image:
    """Convert an RGB, CMYK or LAB picture to sRGB. Grey pictures must be passed as RGB."""
    source = image.getchannel(0) if transform.mode == "L" else image
    converted = ImageCms.applyTransform(source, transform.transform)
    return image.convert("RGB") if converted is None else converted


@lru_cache(maxsize=1)
def lab_transform() -> ProfileTransform:
    """Return the conversion from L*a*b* to sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ProfileTransform("LAB", ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))


@lru_cache(maxsize=16)
def _cached_transform(profile: bytes, mode: str) -> ProfileTransform | None:
    """Cache the result, because most pictures from one camera have the same profile. Exceptions are not cached."""
    return _build_transform(profile, mode)


def _build_transform(profile: bytes, mode: str) -> ProfileTransform | None:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    colours = source.profile.xcolor_space
    if mode == "L" and colours == _RGB:
        mode = "RGB"
    elif {"L": _GREY, "RGB": _RGB, "CMYK": "CMYK"}[mode] != colours:
        return None
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    found = ProfileTransform(mode, transform)
    return found if mode == "CMYK" or _changes_colours(found) else None


def _changes_colours(transform: ProfileTransform) -> bool:
    """Return whether the conversion changes sample colours.

    Profile names are not reliable: for example, a profile named “sRGB linear” changes them.
    """
    levels = np.linspace(0, 255, 18).astype(np.uint8)
    ramps = [np.outer(levels, channels).astype(np.uint8) for channels in ((1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))]
    samples = Image.fromarray(np.stack(ramps[:1] if transform.mode == "L" else ramps))
    converted = np.asarray(apply_transform(samples, transform)).astype(np.int16)
    return bool(np.abs(converted - np.asarray(samples)).max() > _TOLERANCE)
