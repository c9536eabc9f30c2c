"""Decode key frames from all parts of a video as small upright pictures."""

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData, Type
from av.video.reformatter import Interpolation
from PIL import Image

from uploads.media.colour import coded_space_of_photo, convert_to_srgb
from uploads.media.image import MAX_FRAMES

FRAME_BYTES = 5.0
"""Approximate memory per pixel, in bytes, for the decoded frame and its reference frame."""
# Limits the search for a key frame, because a damaged file may have none for a long stretch.
_MAX_PACKETS = 300
_BT709, _BT601 = 1, 5
_UNSPECIFIED = (0, 2, 3)
_PLAIN = 12.0
_TRANSPOSITIONS = {
    # (axes swapped, x mirrored, y mirrored), from the signs of the display matrix
    (False, True, False): Image.Transpose.FLIP_LEFT_RIGHT,
    (False, False, True): Image.Transpose.FLIP_TOP_BOTTOM,
    (False, True, True): Image.Transpose.ROTATE_180,
    (True, False, False): Image.Transpose.TRANSPOSE,
    (True, True, False): Image.Transpose.ROTATE_270,
    (True, False, True): Image.Transpose.ROTATE_90,
    (True, True, True): Image.Transpose.TRANSVERSE,
}


def read_key_frames(
    container: InputContainer, stream: av.VideoStream, seconds: float | None
) -> Iterator[av.VideoFrame]:
    """Yield up to MAX_FRAMES different key frames in chronological order. Damaged ones are skipped.

    If no key frame can be decoded, yield the first decodable frame. Raises av.FFmpegError.
    """
    seen: set[int | None] = set()
    stream.codec_context.skip_frame = "NONKEY"
    for position in _positions(stream, seconds):
        yield from _key_frame(container, stream, position, seen)
    if not seen:
        stream.codec_context.skip_frame = "DEFAULT"
        _seek(container, stream, stream.start_time or 0)
        yield from _any_frame(container, stream)


def _positions(stream: av.VideoStream, seconds: float | None) -> list[int]:
    """Return the midpoints of MAX_FRAMES equal parts of the video, in the stream's time base.

    If the duration is unknown, return only the start of the video.
    """
    start = stream.start_time or 0
    if not seconds or not stream.time_base:
        return [start]
    length = seconds / float(stream.time_base)
    return [start + int(length * (part + 0.5) / MAX_FRAMES) for part in range(MAX_FRAMES)]


def _seek(container: InputContainer, stream: av.VideoStream, position: int) -> bool:
    try:
        container.seek(position, stream=stream)
    except av.FFmpegError:
        return False
    return True


def _key_frame(
    container: InputContainer, stream: av.VideoStream, position: int, seen: set[int | None]
) -> Iterator[av.VideoFrame]:
    """Yield the key frame at or before `position`, unless it was already seen or is damaged."""
    if not _seek(container, stream, position):
        return
    for packet, _ in zip(container.demux(stream), range(_MAX_PACKETS), strict=False):
        if packet.is_keyframe and packet.size:
            place = packet.pts if packet.pts is not None else packet.dts
            if place not in seen:
                frames = _decode_one(stream, packet)
                seen |= {place} if frames else set()
                yield from frames[:1]
            return


def _decode_one(stream: av.VideoStream, packet: "av.Packet[av.VideoStream]") -> list[av.VideoFrame]:
    """Decode a key frame and flush the decoder, which would otherwise wait for the packets after it."""
    try:
        return [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]
    except av.FFmpegError:
        return []
    finally:
        stream.codec_context.flush_buffers()


def _any_frame(container: InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    for packet, _ in zip(container.demux(stream), range(_MAX_PACKETS), strict=False):
        try:
            frames = stream.codec_context.decode(packet if packet.size else None)
        except av.InvalidDataError:
            continue
        if frames:
            yield frames[0]
            return


def to_picture(frame: av.VideoFrame, aspect: Fraction | None, longest: int) -> Image.Image:
    """Return a frame as an upright sRGB picture with square pixels, at most `longest` pixels on its longer side."""
    width, height = square_size(frame.width, frame.height, aspect)
    scale = min(1.0, longest / max(width, height))
    small = frame.reformat(
        max(1, round(width * scale)),
        max(1, round(height * scale)),
        format="rgb24",
        src_colorspace=_matrix(frame),
        interpolation=Interpolation.AREA if scale < 1 else Interpolation.BILINEAR,
        threads=1,
    ).to_ndarray()
    image = Image.fromarray(small)
    if (space := coded_space_of_photo(frame.color_primaries, frame.color_trc)) is not None:
        image = convert_to_srgb(image, space)
    turn = transposition(frame)
    return image if turn is None else image.transpose(turn)


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Return the size that a frame with the pixel aspect ratio `aspect` has in square pixels."""
    ratio = float(aspect or 1)
    return (max(1, round(width * ratio)), height) if 0.1 < ratio < 10 else (width, height)


def _matrix(frame: av.VideoFrame) -> int:
    if frame.colorspace not in _UNSPECIFIED:
        return int(frame.colorspace)
    return _BT709 if frame.height >= 720 else _BT601


def transposition(frame: av.VideoFrame) -> Image.Transpose | None:
    """Return the rotation or reflection in a frame's display matrix (ISO/IEC 14496-12, 6.2.2), or None."""
    matrix = next((bytes(data) for data in _side_data(frame) if data.type == Type.DISPLAYMATRIX), None)
    if matrix is None:
        return None
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    # x' = a x + c y, and y' = b x + d y
    swapped = abs(b) > abs(a)
    across, down = (c, b) if swapped else (a, d)
    return _TRANSPOSITIONS.get((swapped, across < 0, down < 0))


def _side_data(frame: av.VideoFrame) -> Iterator[SideData]:
    yield from frame.side_data  # type: ignore[misc]  # its stub says that it is a mapping


def choose_poster(frames: Sequence[Image.Image]) -> Image.Image:
    """Return the first frame that is not almost uniform, or else the most varied frame."""
    return next((frame for frame in frames if _variation(frame) >= _PLAIN), None) or max(frames, key=_variation)


def _variation(frame: Image.Image) -> float:
    return float(np.asarray(frame.convert("L").reduce(max(1, max(frame.size) // 128))).std())
