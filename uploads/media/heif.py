"""Read HEIF pictures, such as HEIC photos, with libheif (ISO 23008-12)."""

from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

import pillow_heif
from PIL import Image

from uploads.media.colour import ColourSpace, coded_space_of_photo
from uploads.media.exif import read_exif
from uploads.media.formats import FORMATS, unsupported
from uploads.media.header import ImageHeader, OpenedFile
from uploads.media.heif_boxes import check_container
from uploads.media.heif_errors import libheif_errors
from uploads.media.heif_grid import Grid, read_grid
from uploads.media.heif_tiles import count_threads, decode_grid
from uploads.media.iso_boxes import find_box
from uploads.media.limits import WORKING_MEMORY
from uploads.media.pixel_rows import reduced_picture

# Measured memory per pixel, in bytes, with 4:2:0 subsampling and with any other: the decoder's planes, the planes that
# libheif converts them to, and the result. It has 8 bits per channel, but the planes of a wide picture have 16.
_PIXEL_BYTES, _WIDE_PIXEL_BYTES = (5.3, 9.5), (8.6, 16.5)
_ALPHA_BYTES, _WIDE_ALPHA_BYTES = 3, 5
_TILES_FACTOR = 4
"""How many times the general pixel limit is allowed for a picture that is decoded tile by tile."""

_MIN_THUMBNAIL = 1000
"""Minimum longer side, in pixels, of a thumbnail used instead of a picture that is too large to decode."""

_SHAPE_TOLERANCE = 0.02

# Only the primary picture or its thumbnail is decoded.
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False


def read_heif(file: BinaryIO) -> ImageHeader:
    """Return the header of the primary picture; see image_header.read_header.

    libheif applies the container's rotation. The EXIF orientation only repeats it and must not be applied.
    """
    size = check_container(file, FORMATS["image/heic"].plural)
    if find_box(file, (b"meta",), 0, size) is None:
        raise unsupported("HEIC image sequences without a still picture")
    file.seek(0)
    data = file.read()
    with libheif_errors():
        container = pillow_heif.open_heif(data)
        image = container[container.primary_index]
        if not all(image.size):
            image.load()  # the box with the size is missing, so the size is known only after decoding
    info: dict[str, Any] = image.info
    xmp = info.get("xmp") or b""
    header = ImageHeader(
        *image.size,
        _pixel_bytes(image),
        lambda: OpenedFile(image.size, "HEIF", image.mode, image),
        other_bytes=size,
        exif=replace(read_exif(info.get("exif") or b"", xmp), orientation=1),
        xmp=xmp,
        profile=info.get("icc_profile") or b"",
        space=_colour_space(info),
        load=_load,
    )
    return _with_less_memory(header, image, data)


def _with_less_memory(header: ImageHeader, image: pillow_heif.HeifImage, data: bytes) -> ImageHeader:
    """Return the header with the functions to decode the picture tile by tile or, if it is too large, a thumbnail."""
    grid = _find_grid(data, image)
    if grid and (threads := count_threads(grid, header.pixel_bytes, WORKING_MEMORY - len(data))):
        load = partial(_load_grid, grid, threads)
        return replace(header, pixel_bytes=0, max_pixels_factor=_TILES_FACTOR, load=load)
    is_large = header.width * header.height * header.pixel_bytes > WORKING_MEMORY - len(data)
    if is_large and (thumbnail := _find_thumbnail(image)):
        return replace(header, pixel_bytes=0, open=lambda: OpenedFile(image.size, "HEIF", image.mode, thumbnail))
    return header


def _pixel_bytes(image: pillow_heif.HeifImage) -> float:
    info: dict[str, Any] = image.info
    is_wide, is_other = info["bit_depth"] > 8, info.get("chroma", 420) != 420
    colours = (_WIDE_PIXEL_BYTES if is_wide else _PIXEL_BYTES)[is_other]
    return colours + (_WIDE_ALPHA_BYTES if is_wide else _ALPHA_BYTES) * image.has_alpha


def _find_grid(data: bytes, image: pillow_heif.HeifImage) -> Grid | None:
    """Return the structure of a picture of tiles, or None if libheif must decode the picture as a whole."""
    if image.mode != "RGB":
        return None
    try:
        grid = read_grid(data)
    except ValueError:
        return None  # libheif decides whether the file is damaged
    return grid if grid and (grid.width, grid.height) == image.size else None


def _find_thumbnail(image: pillow_heif.HeifImage) -> pillow_heif.HeifThumbnail | None:
    """Return a large enough thumbnail with the same aspect ratio as `image`, or None."""
    width, height = image.size
    sides: Any = image.info["thumbnails"]
    for index, side in enumerate(sides):
        if side >= _MIN_THUMBNAIL:
            try:
                thumbnail = image.get_thumbnail(index)
                thumbnail.load()
            except (RuntimeError, ValueError):
                continue  # without a thumbnail, the picture is rejected as too large
            if abs(thumbnail.size[0] * height / (thumbnail.size[1] * width) - 1) < _SHAPE_TOLERANCE:
                return thumbnail
    return None


def _load(source: OpenedFile, longest: int) -> Image.Image:
    image: pillow_heif.HeifImage | pillow_heif.HeifThumbnail = source.content
    with libheif_errors():
        pixels, stride = image.data, image.stride
    return reduced_picture(image.mode, image.size, pixels, stride, longest)


def _load_grid(grid: Grid, threads: int, _source: OpenedFile, longest: int) -> Image.Image:
    return decode_grid(grid, longest, threads)


def _colour_space(info: dict[str, Any]) -> ColourSpace | None:
    codes = info.get("nclx_profile")
    return coded_space_of_photo(codes["color_primaries"], codes["transfer_characteristics"]) if codes else None
