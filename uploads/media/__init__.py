"""Read pictures: file type, completeness, EXIF data, decoding and previews."""

PREVIEW_SIZES = (320, 1024)
"""Pixels on the longer side of each preview."""
