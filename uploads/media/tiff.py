"""Read the first page of TIFF pictures (TIFF 6.0)."""

from typing import BinaryIO

from PIL import ExifTags
from PIL.TiffImagePlugin import TiffImageFile

from uploads.media.exif import interpret_tags, read_tags
from uploads.media.formats import unsupported
from uploads.media.header import ImageHeader
from uploads.media.limits import too_complex
from uploads.media.tiff_tags import FileBytes, TiffTags

MAX_TAG_BYTES = 32 * 2**20
"""Maximum size of all values of the first directory, which Pillow loads before it decodes anything."""

_BASE = ExifTags.Base
_STRIP_TAGS = frozenset({_BASE.BitsPerSample, _BASE.SamplesPerPixel, _BASE.RowsPerStrip, _BASE.Compression})
_UNCOMPRESSED = 1
_WEBP = 50001  # not supported by Pillow's libtiff
_BIG_ENDIAN_BIGTIFF = b"MM\0+"  # Pillow reads only little-endian BigTIFFs
_UNKNOWN_PIXELS = frozenset({"unknown pixel mode", "unknown data organization"})
# All other modes take 4 bytes per pixel. The last two modes have to be scaled, which takes more memory.
_PIXEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I": 14, "F": 14}


class _FirstPage(TiffImageFile):
    """A TIFF image file that neither applies the orientation nor reads other directories."""

    def _setup(self) -> None:
        if _BASE.Orientation in self.tag_v2:
            del self.tag_v2[_BASE.Orientation]
        super()._setup()

    def load_end(self) -> None:
        """Do nothing. Pillow's method would read EXIF data and apply the orientation."""


def read_tiff(file: BinaryIO) -> ImageHeader:
    """Return the header of the first page; see image_header.read_header."""
    content = FileBytes(file)
    tags = TiffTags(content)
    if tags.first_directory_bytes() > MAX_TAG_BYTES:
        raise too_complex(f"tags of more than {MAX_TAG_BYTES >> 20} MiB, such as layers")
    _check_supported(content, tags)
    file.seek(0)
    try:
        source = _FirstPage(file)
    except (SyntaxError, KeyError) as error:
        if isinstance(error, KeyError) or str(error) in _UNKNOWN_PIXELS:
            raise unsupported("TIFF pictures with this pixel format") from error
        raise
    return ImageHeader(
        *source.size,
        _PIXEL_BYTES.get(source.mode, 4),
        lambda: source,
        other_bytes=_strip_bytes(tags, *source.size),
        exif=interpret_tags(*read_tags(content)),
    )


def _check_supported(content: FileBytes, tags: TiffTags) -> None:
    """Raise PermanentError `file.unsupported` for pictures that Pillow would report as damaged."""
    if content[:4] == _BIG_ENDIAN_BIGTIFF:
        raise unsupported("BigTIFF pictures in big-endian byte order")
    if tags.first_directory(frozenset({_BASE.Compression})).get(_BASE.Compression) == _WEBP:
        raise unsupported("TIFF pictures with WebP compression")


def _strip_bytes(tags: TiffTags, width: int, height: int) -> int:
    """Return how many bytes one unpacked strip takes, or 0 if the strips are not compressed.

    The decoder unpacks a compressed strip as a whole.
    """
    found = tags.first_directory(_STRIP_TAGS)
    if found.get(_BASE.Compression, _UNCOMPRESSED) == _UNCOMPRESSED:
        return 0
    bits, samples, rows = (found.get(tag) for tag in (_BASE.BitsPerSample, _BASE.SamplesPerPixel, _BASE.RowsPerStrip))
    depth = bits[0] if isinstance(bits, tuple) else bits
    pixel_bits = (depth if isinstance(depth, int) else 8) * (samples if isinstance(samples, int) else 1)
    return width * min(height, rows if isinstance(rows, int) else height) * pixel_bits // 8
