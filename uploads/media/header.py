"""What is known about a picture before it is decoded, and how to decode it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from PIL import Image, ImageFile

from uploads.media.colour import ColourSpace
from uploads.media.exif import ExifData


def load_reduced(source: ImageFile.ImageFile, longest: int) -> Image.Image:
    """Decode `source` with at least `longest` pixels on the longer side, at a reduced size if its format allows it."""
    scale = longest / max(source.size)
    source.draft("", (max(1, round(source.width * scale)), max(1, round(source.height * scale))))
    source.load()
    return source


class Opened(Protocol):
    """The return type of `ImageHeader.open`, a protocol that Pillow's images satisfy. `size` is width and height."""

    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def format(self) -> str | None: ...
    @property
    def mode(self) -> str: ...


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file opened by a library other than Pillow. `content` is that library's object."""

    size: tuple[int, int]
    format: str
    mode: str
    content: Any


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What must be known about a file before it is passed to a decoder, and the functions that decode it.

    The decoder needs `pixel_bytes` of memory per pixel, and `other_bytes` in addition. `frames` is 1, or the number of
    frames of an animation. `exif.orientation` must be applied to the decoded picture. The ICC profile `profile` and the
    colour space `space` take precedence over what `open` finds. The general pixel limit is multiplied by
    `max_pixels_factor`. `open` opens the parts of the file that the decoder needs, without decoding them. `load` takes
    the object that `open` returned and the number of pixels needed on the longer side. It returns the decoded picture,
    which may be larger.
    """

    width: int
    height: int
    pixel_bytes: float
    open: Callable[[], Opened]
    other_bytes: int = 0
    frames: int = 1
    exif: ExifData = field(default_factory=ExifData)
    xmp: bytes = b""
    profile: bytes = b""
    space: ColourSpace | None = None
    max_pixels_factor: int = 1
    load: Callable[[Any, int], Image.Image] = load_reduced
