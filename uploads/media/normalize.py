"""Turn a decoded picture of any mode into a small, upright, opaque sRGB picture without a second full-size copy."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms, ImageFile

FILTER = Image.Resampling.HAMMING
"""The filter for all previews. Its results are as sharp as those of the bicubic filter, in half the time."""

# The fast box filter reduces a picture only to this multiple of the target size; FILTER does the rest.
_OVERSAMPLING = 2
_STRIP_PIXELS = 1_000_000
# Cameras and phones write smaller profiles; a malicious JPEG can contain one of 16 MB.
_MAX_CACHED_PROFILE_BYTES = 64 * 1024

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def normalize_image(source: Image.Image, longest: int, orientation: int = 1) -> Image.Image:
    """Return `source` as an RGB picture of at most `longest` pixels on its longer side, never enlarged.

    Transparency is composited on white, an embedded colour profile is converted to sRGB, and `orientation` (EXIF, 1 to
    8; other values mean 1) is applied. `source` must be loaded.
    """
    profile, is_cmyk = source.info.get("icc_profile"), source.mode == "CMYK"
    transform = _transform(profile, "CMYK" if is_cmyk else "RGB") if isinstance(profile, bytes) else None
    image = downscale(_box_reduced(source, longest, transform if is_cmyk else None), longest)
    if transform is not None and not is_cmyk:
        image = _in_srgb(image, transform)
    if orientation in _TRANSPOSITIONS:
        image = image.transpose(_TRANSPOSITIONS[orientation])
    result = image.copy() if isinstance(image, ImageFile.ImageFile) else image
    # Comments and other metadata must not end up in previews.
    result.info = {}
    return result


def downscale(image: Image.Image, longest: int, reducing_gap: float | None = None) -> Image.Image:
    """Return `image` with at most `longest` pixels on its longer side; for `reducing_gap`, see Image.resize."""
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, FILTER, reducing_gap=reducing_gap)


def _box_reduced(source: Image.Image, longest: int, from_cmyk: ImageCms.ImageCmsTransform | None) -> Image.Image:
    """Return `source` in RGB, reduced by an integer factor with a box filter. `from_cmyk`, if any, converts CMYK.

    Large pictures are converted in strips, because converting them as a whole would take two or three times the memory.
    """
    factor = max(1, max(source.size) // (longest * _OVERSAMPLING))
    width, height = source.size
    rows = max(1, _STRIP_PIXELS // (width * factor)) * factor
    if rows >= height:
        return _opaque(source, from_cmyk).reduce(factor) if factor > 1 else _opaque(source, from_cmyk)
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        strip = source.crop((0, top, width, min(height, top + rows)))
        small.paste(_opaque(strip, from_cmyk).reduce(factor), (0, top // factor))
    return small


def _opaque(image: Image.Image, from_cmyk: ImageCms.ImageCmsTransform | None) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        white = Image.new("RGB", colours.size, "white")
        white.paste(colours, mask=colours.getchannel("A"))
        return white
    if image.mode == "CMYK" and from_cmyk is not None:
        return _in_srgb(image, from_cmyk)
    # convert() to the same mode would copy the picture.
    return image if image.mode == "RGB" else image.convert("RGB")


def _in_srgb(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    converted = ImageCms.applyTransform(image, transform)
    return image.convert("RGB") if converted is None else converted


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the conversion from `profile` to sRGB, or None if it is unnecessary or the profile is unusable."""
    build = _cached_transform if len(profile) < _MAX_CACHED_PROFILE_BYTES else _build_transform
    try:
        return build(profile, mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # The profile is broken or for another mode, such as grey. Show the colours unconverted.
        return None


@lru_cache(maxsize=16)
def _cached_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Cache the result, because most pictures from one camera have the same profile. Exceptions are not cached."""
    return _build_transform(profile, mode)


def _build_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "sRGB" in (source.profile.profile_description or ""):
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
