"""Read pictures: file type, completeness, EXIF data, decoding and previews."""

PREVIEW_SIZES = (320, 1024)
"""Pixels on the longer side of each preview."""

ZOOM_SIDE = 2048
"""Pixels on the longer side of the preview that is created on demand."""
