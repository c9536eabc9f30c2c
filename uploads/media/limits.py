"""Limits on memory and CPU time for one picture. The kernel enforces both in the decoder process."""

from uploads.errors import PermanentError

WORKING_MEMORY = 288 * 2**20
"""Memory for decoding one picture, in bytes. It keeps a decoder process below 430 MB."""

# The limits are generous: on one core of a computer from 2020, decoding takes 0.01 to 0.05 s per megapixel, and reading
# 0.001 s per MiB.
_BASE_SECONDS = 5.0
_SECONDS_PER_MEGAPIXEL = 0.2
_SECONDS_PER_MIB = 0.05


def cpu_budget(size: int = 0, pixels: int = 0) -> float:
    """Return the CPU seconds allowed for reading a file of `size` bytes, or for decoding `pixels` pixels."""
    return _BASE_SECONDS + size / 2**20 * _SECONDS_PER_MIB + pixels / 1e6 * _SECONDS_PER_MEGAPIXEL


def check_size(width: int, height: int, max_pixels: int, pixel_bytes: float = 0, other_bytes: int = 0) -> None:
    """Reject a picture with more than `max_pixels`, or whose decoder needs more than WORKING_MEMORY.

    The decoder needs `pixel_bytes` for each pixel and `other_bytes` in addition. Raises PermanentError `image.bomb`.
    """
    if pixel_bytes:
        max_pixels = min(max_pixels, int(max(0, WORKING_MEMORY - other_bytes) / pixel_bytes))
    if width * height > max_pixels:
        raise PermanentError("image.bomb", pixels=f"{width} by {height} pixels", limit=f"{max_pixels / 1e6:.0f}")


def check_loaded_size(size: int) -> None:
    """Reject a file of `size` bytes that is too large to load as a whole. Raises PermanentError `image.complex`."""
    if size > WORKING_MEMORY // 4:
        raise too_complex(f"{size >> 20} MiB, more than a decoder may load")


def too_complex(what: str) -> PermanentError:
    """Return the error for a file that takes too much time or memory to read. `what` completes “The picture has …”."""
    return PermanentError("image.complex", what=what)
