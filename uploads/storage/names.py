"""Names of files in storage: opaque. A name from outside is data and never part of one."""

from uuid import UUID


def original_name(key: UUID) -> str:
    """Return the storage name of the original bytes of the upload with this key."""
    return f"originals/{key.hex[:2]}/{key.hex}"


def preview_name(key: UUID, side: int) -> str:
    """Return the storage name of the preview whose longest side is at most `side` pixels."""
    return f"previews/{key.hex[:2]}/{key.hex}-{side}.jpg"
