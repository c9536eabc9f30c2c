"""Return freed memory to the operating system."""

import ctypes

_libc = ctypes.CDLL(None)


def return_freed_memory() -> None:
    """Return memory that was freed but that malloc keeps for reuse. This takes a few ms. Without glibc, do nothing."""
    if trim := getattr(_libc, "malloc_trim", None):
        trim(0)
