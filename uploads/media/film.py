"""Read the key frames, duration and metadata of a video.

FFmpeg may open only the file itself, with the demuxer for its type, so that playlists and references to other files or
servers have no effect. Only the decoders in CODECS are allowed.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from PIL import Image

from uploads.errors import PermanentError
from uploads.media.film_frames import (
    FRAME_BYTES,
    choose_poster,
    read_key_frames,
    square_size,
    to_picture,
    transposition,
)
from uploads.media.film_metadata import read_metadata
from uploads.media.image import LONGEST_SIDE, MAX_FRAMES, Picture, read_head
from uploads.media.iso_boxes import check_complete
from uploads.media.limits import check_size, too_complex
from uploads.media.sanitize import Json, clean_text

# Line by line: codecs of phones and browsers, of cameras, of older software, and lossless codecs.
CODECS = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9", "theora"}
    | {"mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "h263", "prores", "dvvideo", "dnxhd", "vc1"}
    | {"msmpeg4v1", "msmpeg4v2", "msmpeg4", "wmv1", "wmv2", "wmv3", "svq1", "svq3", "cinepak", "qtrle", "rpza", "png"}
    | {"rawvideo", "huffyuv", "ffv1"}
)
_DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/3gpp2": "mov",
    "video/x-matroska": "matroska",
    "video/webm": "matroska",
    "video/x-msvideo": "avi",
    "video/mp2t": "mpegts",
}
_MAX_STREAMS = 64
_SMALL_FRAME = 4096 * 2304
_MAX_SECONDS = 100 * 3600.0
_SIDEWAYS = frozenset(
    {Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE}
)
_ANGLES = {Image.Transpose.ROTATE_270: 90, Image.Transpose.ROTATE_180: 180, Image.Transpose.ROTATE_90: 270}


def read_film(path: Path, mime_type: str, max_pixels: int, before_decoding: Callable[[int], None]) -> Picture:
    """Return the video at `path` as a Picture, whose `image` is the poster.

    Before decoding, `before_decoding` is called with the number of pixels in MAX_FRAMES frames. Raises
    PermanentError `video.corrupt`, `video.truncated`, `video.codec`, `video.no_picture`, `image.bomb` or
    `image.complex`, and EnvironmentalError `storage.unreadable`.
    """
    demuxer = _DEMUXERS[mime_type]
    if demuxer == "mov":
        check_complete(path)
    with _damage_errors(path), _open(path, demuxer) as container:
        stream = _choose_stream(container)
        context = stream.codec_context
        check_size(context.width, context.height, max_pixels, FRAME_BYTES)
        before_decoding(MAX_FRAMES * context.width * context.height)
        context.thread_count = 1
        context.options = {"max_pixels": str(max_pixels)}
        return _read(container, stream, mime_type, max_pixels)


def _read(container: InputContainer, stream: av.VideoStream, mime_type: str, max_pixels: int) -> Picture:
    duration = _duration(container, stream)
    aspect = stream.sample_aspect_ratio
    turn: Image.Transpose | None = None
    reduced: list[Future[Image.Image]] = []
    with ThreadPoolExecutor(1) as thread:
        for frame in read_key_frames(container, stream, duration):
            check_size(frame.width, frame.height, max_pixels, FRAME_BYTES)
            turn = transposition(frame)
            width, height = square_size(frame.width, frame.height, aspect)
            reduced.append(thread.submit(to_picture, frame, aspect, LONGEST_SIDE))
            # Only a small frame is reduced while the next one is decoded, because a large frame may take 100 MB.
            wait(reduced[: -1 if frame.width * frame.height <= _SMALL_FRAME else None])
    frames = tuple(future.result() for future in reduced)
    if not frames:
        raise PermanentError("video.corrupt")
    exif = read_metadata({**stream.metadata, **container.metadata}, local_clock=mime_type == "video/x-msvideo")
    details = _details(container, stream) | {"rotation": _ANGLES.get(turn, 0) if turn else 0} | exif.details
    return Picture(
        mime_type,
        *((height, width) if turn in _SIDEWAYS else (width, height)),
        choose_poster(frames),
        replace(exif, details={}),
        {name: value for name, value in details.items() if value not in ("", None)},
        duration,
        frames,
    )


@contextmanager
def _damage_errors(path: Path) -> Iterator[None]:
    """Translate FFmpeg's errors to PermanentError. Raises EnvironmentalError if the storage cannot be read."""
    try:
        yield
    except MemoryError as error:  # FFmpeg also reports ENOMEM for too many streams or an index that is too large
        raise too_complex("more streams, frames or pixels than fit into the memory of a decoder") from error
    except (av.FFmpegError, ValueError, ArithmeticError, LookupError) as error:
        read_head(path)
        raise PermanentError("video.corrupt") from error


def _open(path: Path, demuxer: str) -> InputContainer:
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        "codec_whitelist": ",".join(sorted(CODECS)),
        "max_streams": str(_MAX_STREAMS),
        "fflags": "+discardcorrupt",
    }
    # With the prefix, no part of the path can name a protocol.
    return av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace")


def _choose_stream(container: InputContainer) -> av.VideoStream:
    """Return the largest usable video stream that is not a cover picture, and discard all unusable streams.

    Raises PermanentError if no stream is usable.
    """
    unwanted = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [stream for stream in container.streams.video if not stream.disposition & unwanted]
    if not streams:
        raise PermanentError("video.no_picture")
    usable = [stream for stream in streams if stream.codec_context and stream.codec_context.name in CODECS]
    if not usable:
        context = streams[0].codec_context
        raise PermanentError("video.codec", codec=context.name if context else clean_text(streams[0].codec_tag, 8))
    for stream in container.streams:
        stream.discard = Discard.default if stream in usable else Discard.all
    return max(usable, key=lambda stream: stream.codec_context.width * stream.codec_context.height)


def _duration(container: InputContainer, stream: av.VideoStream) -> float | None:
    """Return the duration in seconds, measured if the file does not state it; None if unknown or implausible."""
    if container.duration:
        seconds = container.duration / av.time_base
    elif stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = _measured(container, stream)
    return round(seconds, 3) if 0 < seconds <= _MAX_SECONDS else None


def _measured(container: InputContainer, stream: av.VideoStream) -> float:
    end = 0
    for packet in container.demux(stream):
        if packet.pts is not None:
            end = max(end, packet.pts + (packet.duration or 0))
    return float((end - (stream.start_time or 0)) * (stream.time_base or 0))


def _details(container: InputContainer, stream: av.VideoStream) -> dict[str, Json]:
    audio = next((audio.codec_context for audio in container.streams.audio if audio.codec_context), None)
    context = stream.codec_context
    return {
        "format": container.format.name,
        "codec": context.codec.canonical_name,
        "profile": clean_text(stream.profile or ""),
        "pixel_format": context.pix_fmt or "",
        "audio_codec": audio.name if audio else "",
        "frame_rate": round(float(stream.average_rate), 3) if stream.average_rate else None,
        "bit_rate": container.bit_rate or None,
    }
