"""What a file says about its picture, and how to decode it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from PIL import Image, ImageFile

from uploads.media.colour import ColourSpace
from uploads.media.exif import ExifData


def load_reduced(source: ImageFile.ImageFile, longest: int) -> Image.Image:
    """Decode `source`, at a reduced size that keeps `longest` pixels if its format allows it."""
    scale = longest / max(source.size)
    source.draft("", (max(1, round(source.width * scale)), max(1, round(source.height * scale))))
    source.load()
    return source


class Opened(Protocol):
    """What `ImageHeader.open` returns; pictures of Pillow are of this kind. `size` is width and height."""

    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def format(self) -> str | None: ...
    @property
    def mode(self) -> str: ...


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that another library than Pillow has opened; `content` is what it works with."""

    size: tuple[int, int]
    format: str
    mode: str
    content: Any


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What must be known before a decoder may see the file, and the functions that decode it.

    `profile` and `space`: the ICC profile and the colour space that take precedence over what `open` finds.
    `pixel_bytes`: memory that the decoder needs for each pixel, and `other_bytes` in addition. `max_pixels_factor`: how
    many times the general limit of pixels applies. `frames`: 1, or the number of frames of an animation.
    `exif.orientation` is the one to apply to the decoded picture. `open` opens the parts that the decoder needs,
    without decoding them. `load` is called with what `open` has returned and with the number of pixels that the longer
    side needs, and returns the decoded picture, which may be larger.
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
