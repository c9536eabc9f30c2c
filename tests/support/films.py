"""Generate videos of a few frames with PyAV."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import av
import numpy as np
from PIL import Image

from tests.support.images import quartered


@dataclass(frozen=True)
class Film:
    """What to encode: `pictures` or `frames` identical ones, `rate` per second; every `key_every`th is a key frame."""

    container: str = "mp4"
    codec: str = "mpeg4"
    frames: int = 6
    rate: int = 2
    key_every: int = 1
    rotation: int | None = None
    pixel_format: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    pictures: tuple[Image.Image, ...] = ()


def film(container: str = "mp4", **details: object) -> bytes:
    """Return a video, by default 3 s of the picture `quartered()` at 120 by 80 pixels."""
    made = Film(container, **details)  # type: ignore[arg-type]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=made.options) as target:
        target.metadata.update(made.tags)
        stream = target.add_stream(made.codec, rate=made.rate)
        assert isinstance(stream, av.VideoStream)
        pictures = list(made.pictures or [quartered().resize((120, 80), Image.Resampling.NEAREST)] * made.frames)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = made.pixel_format or ("yuvj420p" if made.codec == "mjpeg" else "yuv420p")
        stream.codec_context.gop_size = made.key_every
        if not made.codec.startswith("lib"):
            stream.codec_context.qmin = stream.codec_context.qmax = 2
        if made.rotation is not None:
            stream.set_display_rotation(made.rotation)
        for frame in _frames(pictures):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return buffer.getvalue()


def sound(container: str = "mp4") -> bytes:
    """Return a file with sound but no video."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        stream = target.add_stream("aac", rate=8000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return buffer.getvalue()


def _frames(pictures: Iterable[Image.Image]) -> Iterable[av.VideoFrame]:
    for picture in pictures:
        yield av.VideoFrame.from_ndarray(np.asarray(picture), "rgb24")
