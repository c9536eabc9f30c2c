"""Generate small raw photos: DNG files with sensor data, with and without an embedded preview."""

import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tests.support.images import encoded

Entry = tuple[int, str, Sequence[int]]
_FIRST_DNG_TAG = 50706
_CODES = {"B": 1, "s": 2, "H": 3, "L": 4, "2L": 5, "2l": 10}


def dng(
    image: Image.Image,
    *,
    preview: Image.Image | None = None,
    orientation: int = 1,
    make: bytes = b"Maker\0",
    own_tags: bool = True,
) -> bytes:
    """Return a DNG whose sensor data shows `image`, with `preview` as the embedded JPEG.

    As in files from a camera, both are stored as the sensor sees them, and `orientation` says how to rotate them.
    Without `own_tags`, the tags that only DNGs have are left out, as in raw photos in other formats.
    """
    data = bytearray(b"II*\0\0\0\0\0")
    raw_at, raw = _append(data, _mosaic(image).tobytes())
    sensor: list[Entry] = [
        (254, "L", [0]),
        (256, "L", [image.width]),
        (257, "L", [image.height]),
        (258, "H", [16]),
        (259, "H", [1]),
        (262, "H", [32803]),
        (273, "L", [raw_at]),
        (277, "H", [1]),
        (278, "L", [image.height]),
        (279, "L", [raw]),
        (33421, "H", [2, 2]),
        (33422, "B", [0, 1, 1, 2]),
        (50717, "L", [65535]),
    ]
    camera: list[Entry] = [
        (271, "s", list(make)),
        (272, "s", list(b"Model\0")),
        (274, "H", [orientation]),
        (306, "s", list(b"2024:07:01 18:30:05\0")),
        (50706, "B", [1, 4, 0, 0]),
        (50708, "s", list(b"Maker Model\0")),
        (50721, "2l", [10, 10, 0, 1, 0, 1, 0, 1, 10, 10, 0, 1, 0, 1, 0, 1, 10, 10]),
        (50728, "2L", [1, 1, 1, 1, 1, 1]),
        (50778, "H", [21]),
    ]
    if not own_tags:
        sensor, camera = ([entry for entry in entries if entry[0] < _FIRST_DNG_TAG] for entries in (sensor, camera))
    if preview is None:
        first = _directory(data, sensor + camera)
    else:
        jpeg_at, jpeg = _append(data, encoded(preview, "JPEG", quality=95))
        page: list[Entry] = [
            (254, "L", [1]),
            (256, "L", [preview.width]),
            (257, "L", [preview.height]),
            (258, "H", [8, 8, 8]),
            (259, "H", [7]),
            (262, "H", [6]),
            (273, "L", [jpeg_at]),
            (277, "H", [3]),
            (278, "L", [preview.height]),
            (279, "L", [jpeg]),
            (330, "L", [_directory(data, sensor)]),
        ]
        first = _directory(data, page + camera)
    data[4:8] = struct.pack("<L", first)
    return bytes(data)


def _mosaic(image: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    """Return the linear data of a sensor with an RGGB Bayer pattern."""
    light = (np.asarray(image).astype(float) / 255) ** 2.2 * 60_000
    mosaic = light[:, :, 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = light[::2, ::2, 0], light[1::2, 1::2, 2]
    return mosaic.astype(np.uint16)


def _append(data: bytearray, content: bytes) -> tuple[int, int]:
    data.extend(bytes(len(data) % 2))
    start = len(data)
    data.extend(content)
    return start, len(content)


def _directory(data: bytearray, entries: list[Entry]) -> int:
    packed = []
    for tag, kind, numbers in sorted(entries):
        count = len(numbers) // 2 if kind.startswith("2") else len(numbers)
        value = struct.pack(f"<{len(numbers)}{'B' if kind == 's' else kind[-1]}", *numbers)
        if len(value) > 4:
            value = struct.pack("<L", _append(data, value)[0])
        packed.append(struct.pack("<HHL4s", tag, _CODES[kind], count, value))
    return _append(data, struct.pack("<H", len(packed)) + b"".join(packed) + bytes(4))[0]
