"""Read what must be known about a picture before it is passed to a decoder: size, memory, EXIF data.

For PNG and GIF, the decoder then gets only the parts of the file that it needs to decode the first frame.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import BinaryIO

from PIL import GifImagePlugin, Image, PngImagePlugin, WebPImagePlugin

from uploads.media import gif_structure, png_structure, webp_structure
from uploads.media.exif import ExifData, read_exif
from uploads.media.file_parts import open_parts
from uploads.media.formats import FORMATS, PICTURES
from uploads.media.header import ImageHeader
from uploads.media.integrity import check_riff_size


def read_header(file: BinaryIO, mime_type: str) -> ImageHeader:
    """Return the header of a picture of a supported type, and cheaply check that the file is complete.

    Moves the position of `file`. Raises PermanentError `file.unsupported` or `image.complex`. Raises IncompleteError
    if the file is truncated. If it is damaged in another way, raises any exception that image.read_picture treats as
    damage, for example ValueError, LookupError or struct.error.
    """
    return _reader(mime_type)(file)


def load_readers() -> None:
    """Import the libraries for all supported formats, so that no import is needed while decoding."""
    for mime_type in PICTURES:
        _reader(mime_type)


@cache
def _reader(mime_type: str) -> Callable[[BinaryIO], ImageHeader]:
    module, _, function = FORMATS[mime_type].reader.partition(":")
    reader: Callable[[BinaryIO], ImageHeader] = getattr(import_module(module), function)
    return reader


def read_png(file: BinaryIO) -> ImageHeader:
    found, parts = png_structure.read_structure(file)
    data = open_parts(file, parts)
    return ImageHeader(
        found.width,
        found.height,
        found.pixel_bytes,
        lambda: PngImagePlugin.PngImageFile(data),
        frames=found.frames,
        exif=_read_png_exif(found),
        xmp=found.xmp,
        profile=found.profile,
        space=found.colour_space(),
    )


def _read_png_exif(found: png_structure.PngStructure) -> ExifData:
    """Return the EXIF data. Like browsers, ignore an orientation in text or XMP, which converters copy unchanged."""
    exif = read_exif(found.exif)
    return replace(exif, orientation=1) if found.exif_is_text else exif


def read_webp(file: BinaryIO) -> ImageHeader:
    check_riff_size(file)
    found = webp_structure.read_structure(file)
    data = open_parts(file, [(0, found.size)])
    return ImageHeader(
        found.width,
        found.height,
        webp_structure.PIXEL_BYTES,
        lambda: WebPImagePlugin.WebPImageFile(data),
        other_bytes=2 * found.size,
        frames=found.frames,
        exif=read_exif(found.exif, found.xmp),
        xmp=found.xmp,
        load=_load_webp,
    )


def _load_webp(source: WebPImagePlugin.WebPImageFile, longest: int) -> Image.Image:
    """Decode the first frame. Pillow's load() would keep the decoder's canvases while it copies the result again."""
    pixels, _timestamp, _duration = source._get_next()
    del source._decoder
    image = Image.frombuffer(source.mode, source.size, pixels, "raw", source.rawmode, 0, 1)
    image.info = source.info
    return image


def read_gif(file: BinaryIO) -> ImageHeader:
    found = gif_structure.read_structure(file)
    data = open_parts(file, found.parts)
    return ImageHeader(
        found.width,
        found.height,
        gif_structure.PIXEL_BYTES,
        lambda: GifImagePlugin.GifImageFile(data),
        frames=found.frames,
        load=_load_gif,
    )


def _load_gif(source: GifImagePlugin.GifImageFile, _longest: int) -> Image.Image:
    """Decode the first frame. If the palette has an unused colour, make the rest of the canvas transparent.

    Browsers also leave it transparent, but Pillow fills it.
    """
    source.load()
    box = source.dispose_extent
    if source.mode != "P" or box is None or box == (0, 0, *source.size) or "transparency" in source.info:
        return source
    frame = source.crop(box)
    unused = next((index for index, count in enumerate(frame.histogram()) if not count), None)
    if unused is not None:
        source.paste(unused, (0, 0, *source.size))
        source.paste(frame, box)
        source.info["transparency"] = unused
    return source
