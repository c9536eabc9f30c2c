"""Read a picture or a video. Only decoder processes import this module, because it loads FFmpeg."""

from collections.abc import Callable
from pathlib import Path

from uploads.media.formats import VIDEOS
from uploads.media.image import LONGEST_SIDE, Picture, read_head, read_picture
from uploads.media.sniff import sniff

if VIDEOS:
    from uploads.media.film import read_film


def read_media(
    path: Path, max_pixels: int, before_decoding: Callable[[int], None], longest: int = LONGEST_SIDE
) -> Picture:
    """Return the picture or video at `path`. `longest` applies only to pictures.

    Raises what read_picture and read_film raise.
    """
    mime_type = sniff(read_head(path))
    if mime_type in VIDEOS:
        return read_film(path, str(mime_type), max_pixels, before_decoding)
    return read_picture(path, max_pixels, before_decoding, longest)
