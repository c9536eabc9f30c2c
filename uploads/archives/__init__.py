"""Read untrusted ZIP archives. Entry names are never used as paths, and sizes are checked before unpacking."""
