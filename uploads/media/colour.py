"""Convert pixels to sRGB from colour spaces that files specify by code (ITU-T H.273) or by gamma and primaries.

High dynamic range is mapped to standard dynamic range as in Chromium, with the reference white tone mapping of SMPTE ST
2094-50: light up to reference white is halved, and a curve compresses the range from there to the peak.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""The x and y coordinates of red, green, blue and white."""

LINEAR, SRGB, PQ, HLG = 8, 13, 16, 18
"""Codes of transfer characteristics."""

_D65 = (0.3127, 0.329)
_PRIMARIES: dict[int, Chromaticities] = {
    1: (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, *_D65),
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.31, 0.316),
    5: (0.64, 0.33, 0.29, 0.6, 0.15, 0.06, *_D65),
    6: (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *_D65),
    7: (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *_D65),
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.31, 0.316),
    9: (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, *_D65),
    11: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.314, 0.351),
    12: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, *_D65),
    22: (0.63, 0.34, 0.295, 0.605, 0.155, 0.077, *_D65),
}
_VIDEO_TRANSFERS = frozenset({1, 6, 14, 15})
_GAMMAS = {4: 2.2, 5: 2.8, LINEAR: 1.0, **dict.fromkeys(_VIDEO_TRANSFERS, 2.4)}
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_SDR_WHITE_NITS = 203.0
_HDR_PEAK = 1000 / _SDR_WHITE_NITS
_KNEE, _KAPPA = 0.5, 0.65
"""The value to which reference white is mapped, and how sharply the tone curve bends."""
_STRIP_ROWS = 256
_ENCODING_STEPS = 4096


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """Primaries, and a code of transfer characteristics.

    If the code is 0, linear light is the value to the power of `gamma`.
    """

    primaries: Chromaticities
    transfer: int
    gamma: float = 1.0


def coded_space(primaries: int, transfer: int) -> ColourSpace | None:
    """Return the space with these codes, or None if it is sRGB, or if `transfer` is unspecified or unknown.

    Unspecified and unknown `primaries` are treated as those of sRGB.
    """
    if transfer not in _GAMMAS and transfer not in (SRGB, PQ, HLG):
        return None
    space = ColourSpace(_PRIMARIES.get(primaries, _PRIMARIES[1]), transfer)
    return None if space == ColourSpace(_PRIMARIES[1], SRGB) else space


def coded_space_of_photo(primaries: int, transfer: int) -> ColourSpace | None:
    """Return coded_space() for a HEIF, AVIF or video file. Like browsers, treat video transfer curves as sRGB."""
    return coded_space(primaries, SRGB if transfer in _VIDEO_TRANSFERS else transfer)


def gamma_space(gamma: float, primaries: Chromaticities | None) -> ColourSpace | None:
    """Return the space of pixels whose values are linear light to the power of 1/`gamma`.

    Return None if the space is nearly sRGB or if the values are unusable.
    """
    if not 0.2 < gamma < 10 or (primaries is not None and not _usable(primaries)):
        return None
    chosen = primaries or _PRIMARIES[1]
    like_srgb = np.allclose(chosen, _PRIMARIES[1], atol=0.005) and abs(gamma - 2.2) < 0.05
    return None if like_srgb else ColourSpace(chosen, 0, gamma)


def convert_to_srgb(image: Image.Image, space: ColourSpace) -> Image.Image:
    """Convert the RGB picture `image` from `space` to sRGB."""
    curve, matrix, encoding = _curve(space), _matrix(space.primaries), _encoding()
    pixels = np.asarray(image)
    result = np.empty_like(pixels)
    for top in range(0, len(pixels), _STRIP_ROWS):
        light = curve[pixels[top : top + _STRIP_ROWS]]
        light = _tone_mapped(light, space) if space.transfer in (PQ, HLG) else light @ matrix.T
        steps = np.clip(light, 0, 1) * (_ENCODING_STEPS - 1) + 0.5
        result[top : top + _STRIP_ROWS] = encoding[steps.astype(np.uint16)]
    return Image.fromarray(result)


def _curve(space: ColourSpace) -> Floats:
    """Return the linear light of each 8-bit value. 1 is the reference white or, for HLG, the peak."""
    values = np.linspace(0, 1, 256)
    if space.transfer == SRGB:
        light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    elif space.transfer == PQ:
        power = values ** (1 / 78.84375)
        light = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        light *= 10_000 / _SDR_WHITE_NITS
    elif space.transfer == HLG:
        upper = (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12
        light = np.where(values <= 0.5, values**2 / 3, upper)
    else:
        light = values ** _GAMMAS.get(space.transfer, space.gamma)
    return light.astype(np.float32)


def _tone_mapped(light: Floats, space: ColourSpace) -> Floats:
    """Convert linear light of high dynamic range to standard dynamic range and sRGB primaries."""
    if space.transfer == HLG:
        weights = _to_xyz(space.primaries)[1].astype(np.float32)
        luminance = np.maximum(light @ weights, 1e-6)[..., np.newaxis]
        light = light * (_HDR_PEAK * luminance**0.2)
    light = light @ _matrix(space.primaries, _PRIMARIES[9]).T
    brightest = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    given, wanted = _tone_curve()
    mapped = light * (np.interp(brightest, given, wanted) / brightest)
    result: Floats = (mapped @ _matrix(_PRIMARIES[9]).T).astype(np.float32)
    return result


@lru_cache(maxsize=1)
def _tone_curve() -> tuple[Floats, Floats]:
    """Return points of the tone curve: a line to the knee, then a quadratic Bézier curve up to the peak."""
    position = np.linspace(0, 1, 256)
    knee, peak = (1.0, _KNEE), (_HDR_PEAK, 1.0)
    middle = ((1 - _KAPPA) * knee[0] + _KAPPA * knee[0] / _KNEE, (1 - _KAPPA) * _KNEE + _KAPPA)
    given, wanted = (
        (1 - position) ** 2 * start + 2 * position * (1 - position) * control + position**2 * end
        for start, control, end in zip(knee, middle, peak, strict=True)
    )
    return np.concatenate(([0.0], given)), np.concatenate(([0.0], wanted))


@lru_cache(maxsize=1)
def _encoding() -> NDArray[np.uint8]:
    """Return the 8-bit sRGB value of each step of linear light."""
    light = np.linspace(0, 1, _ENCODING_STEPS)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(values * 255).astype(np.uint8)


def _matrix(primaries: Chromaticities, wanted: Chromaticities = _PRIMARIES[1]) -> Floats:
    """Return the matrix that converts linear light from `primaries` to `wanted`, with Bradford adaptation."""
    source, target = _white(primaries), _white(wanted)
    scale = np.diag((_BRADFORD @ target) / (_BRADFORD @ source))
    adaptation = np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD
    matrix: Floats = np.linalg.inv(_to_xyz(wanted)) @ adaptation @ _to_xyz(primaries)
    return matrix.astype(np.float32)


def _to_xyz(primaries: Chromaticities) -> Floats:
    columns = np.array(
        [(x / y, 1.0, (1 - x - y) / y) for x, y in zip(primaries[:6:2], primaries[1:6:2], strict=True)]
    ).T
    result: Floats = columns * np.linalg.solve(columns, _white(primaries))
    return result


def _white(primaries: Chromaticities) -> Floats:
    x, y = primaries[6:]
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _usable(primaries: Chromaticities) -> bool:
    if min(primaries[1::2]) <= 0.001 or max(primaries) > 1:
        return False
    columns = np.array([(x, y, 1 - x - y) for x, y in zip(primaries[:6:2], primaries[1:6:2], strict=True)])
    return bool(abs(np.linalg.det(columns)) > 1e-3)
