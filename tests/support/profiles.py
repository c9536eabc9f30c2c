"""Generate ICC profiles from primaries and gamma."""

import struct

import numpy as np

SRGB_PRIMARIES = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3_PRIMARIES = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
# D65 and the white point of the profile connection space.
_WHITE, _PCS_WHITE = np.array([0.9505, 1.0, 1.0891]), np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def rgb_profile(primaries: tuple[float, ...], gamma: float, name: str = "a display") -> bytes:
    """Return an RGB profile with the white point D65. `name` is its description."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in zip(primaries[::2], primaries[1::2], strict=True)]).T
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _PCS_WHITE) / (_BRADFORD @ _WHITE)) @ _BRADFORD
    colorants = (adaptation @ (columns * np.linalg.solve(columns, _WHITE))).T
    tags = {name: _xyz(value) for name, value in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)}
    return _profile(b"RGB ", name, tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _gamma(gamma)))


def grey_profile(gamma: float, name: str = "a scanner") -> bytes:
    """Return an ICC profile for greyscale pictures."""
    return _profile(b"GRAY", name, {b"kTRC": _gamma(gamma)})


def _profile(colours: bytes, name: str, tags: dict[bytes, bytes]) -> bytes:
    text = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">L", len(text)) + text + bytes(78)
    contents = {b"desc": description, b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": _xyz(_PCS_WHITE), **tags}
    start = 128 + 4 + 12 * len(contents)
    table, body = struct.pack(">L", len(contents)), b""
    for tag, content in contents.items():
        padded = content + bytes(-len(content) % 4)
        table += tag + struct.pack(">LL", start + len(body), len(content))
        body += padded
    head = struct.pack(">L4sL4s4s4s", start + len(body), b"test", 0x02400000, b"mntr", colours, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(_PCS_WHITE)[8:]
    return head.ljust(128, b"\0") + table + body


def _xyz(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3l", *(round(float(value) * 65536) for value in values))


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">LH", 1, round(gamma * 256))
