"""Read pictures: file type, completeness, EXIF data, decoding and previews."""
