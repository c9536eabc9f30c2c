"""The messages between a worker and its decoder process, and the shared memory that carries the pixels.

A decoder handles untrusted files with native code. Therefore its replies are JSON, never pickles, and pixels are copied
from a memory file that the decoder cannot shrink.
"""

import fcntl
import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

from uploads.errors import CodedError, EnvironmentalError, PermanentError
from uploads.media import ZOOM_SIDE
from uploads.media.exif import ExifData
from uploads.media.image import LONGEST_SIDE, MAX_FRAMES, Picture
from uploads.media.photo_time import PhotoTime

READY = b"ready"
"""The first message that a decoder sends."""
MAX_MESSAGE = 1 << 16
PIXEL_BYTES = 3 * max(ZOOM_SIDE**2, MAX_FRAMES * LONGEST_SIDE**2)

_ERRORS: dict[str, type[CodedError]] = {kind.__name__: kind for kind in (PermanentError, EnvironmentalError)}


class DecoderError(Exception):
    """The decoder has a bug; the message is the traceback."""


def create_pixel_memory() -> int:
    """Create PIXEL_BYTES of anonymous memory with a fixed size, and return its file descriptor."""
    memory = os.memfd_create("decoded pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(memory, PIXEL_BYTES)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    except OSError:
        os.close(memory)
        raise
    return memory


def encode_request(path: Path, max_pixels: int, longest: int) -> bytes:
    """Return the request to decode the file at `path`; see image.read_picture."""
    return json.dumps([os.fsdecode(path), max_pixels, longest]).encode()


def decode_request(message: bytes) -> tuple[Path, int, int]:
    """Return the arguments of encode_request() from a request."""
    path, max_pixels, longest = json.loads(message)
    return Path(path), max_pixels, longest


def encode_picture(picture: Picture, memory: int) -> bytes:
    """Write the pixels to `memory` and return the reply."""
    images, place = picture.frames or (picture.image,), 0
    for image in images:
        place += os.pwrite(memory, image.tobytes(), place)
    exif = asdict(picture.exif)
    time = picture.exif.time
    exif["time"] = [time.taken_at and time.taken_at.isoformat(), time.utc_offset, time.source]
    reply = {
        "mime_type": picture.mime_type,
        "size": [picture.width, picture.height],
        "images": [image.size for image in images],
        "poster": next(index for index, image in enumerate(images) if image is picture.image),
        "exif": exif,
        "metadata": picture.metadata,
        "duration": picture.duration,
    }
    return json.dumps({"picture": reply}).encode()


def encode_error(error: CodedError) -> bytes:
    """Return the reply that reports a problem with the file or the storage."""
    return json.dumps({"error": [type(error).__name__, error.code, error.message]}).encode()


def encode_bug(traceback: str) -> bytes:
    """Return the reply that reports an unexpected exception."""
    return json.dumps({"bug": traceback[-MAX_MESSAGE // 8 :]}).encode()


def decode_reply(message: bytes, memory: int) -> Picture:
    """Return the picture in a reply, or raise the CodedError or DecoderError that it reports."""
    reply: dict[str, Any] = json.loads(message)
    if "error" in reply:
        kind, code, text = reply["error"]
        raise _ERRORS[kind](code, text)
    if "bug" in reply:
        raise DecoderError(reply["bug"])
    fields = reply["picture"]
    width, height = fields["size"]
    exif = fields["exif"]
    taken_at, utc_offset, source = exif.pop("time")
    images = list(_read_images(fields["images"], memory))
    return Picture(
        mime_type=fields["mime_type"],
        width=width,
        height=height,
        image=images[fields["poster"]],
        exif=ExifData(PhotoTime(taken_at and datetime.fromisoformat(taken_at), utc_offset, source), **exif),
        metadata=fields["metadata"],
        duration=fields["duration"],
        frames=tuple(images) if fields["mime_type"].startswith("video/") else (),
    )


def _read_images(sizes: list[tuple[int, int]], memory: int) -> Iterator[Image.Image]:
    place = 0
    with mmap.mmap(memory, PIXEL_BYTES, prot=mmap.PROT_READ) as mapped, memoryview(mapped) as pixels:
        for columns, rows in sizes:
            end = place + columns * rows * 3
            yield Image.frombytes("RGB", (columns, rows), pixels[place:end])
            place = end
