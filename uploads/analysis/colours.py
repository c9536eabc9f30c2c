"""Name the colours of a picture, and recognise plain surfaces, plain backgrounds and textures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from uploads.analysis.model_files import Floats

_Rows = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
NAMES = ("black", "white", "gray", "red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown")
_SAMPLES = 48
_HUES = ((14, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (190, "cyan"), (255, "blue"), (300, "purple"))
_HUES_AFTER = ((345, "pink"), (361, "red"))
_FLAT_DEVIATION = 20.0
_FLAT_EDGES = 2.0
# The largest difference between neighbouring pixels of a plain picture. Small things on a plain background exceed it.
_MAX_STEP = 20.0
# A picture is divided into 4 x 4 parts, which are compared with each other.
_PARTS = 4
# A picture counts as a texture if its parts differ little: the share of the variance that is between parts, and the
# relative deviation of the contrast of the parts, must not exceed these limits. They are stricter for pictures with
# high contrast, because most of those show objects even if they look nearly the same everywhere.
_MAX_BETWEEN, _MAX_DEVIATION = 0.35, 0.25
_HIGH_CONTRAST, _MAX_BETWEEN_HIGH, _MAX_DEVIATION_HIGH = 30.0, 0.22, 0.17

# The background is plain if at least _MIN_EVEN of the border's pixels differ from their median colour by at most
# _LITTLE. It has something on it if between _MIN_SHOWN and _MAX_SHOWN of all pixels differ from it by more than _MUCH.
_BORDER, _MIN_EVEN, _LITTLE, _MUCH = 3, 0.74, 20.0, 40.0
_MIN_SHOWN, _MAX_SHOWN = 0.08, 0.75


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a picture. `shares` has the name of each colour and its share of the picture, largest first.

    `plain` is true if the picture shows little more than one plain surface, and `uniform` if all its parts look alike,
    as in a texture. `background` is the colour of a plain background on which something is shown, or "".
    """

    shares: tuple[tuple[str, float], ...]
    plain: bool
    uniform: bool = False
    background: str = ""


def read_colours(image: Image.Image) -> Colours:
    """Return the colours of the RGB picture `image`."""
    small = image.resize((_SAMPLES, _SAMPLES), Image.Resampling.BOX)
    hue, saturation, value = np.moveaxis(np.asarray(small.convert("HSV"), np.float32), 2, 0)
    hue, saturation, value = hue * (360 / 255), saturation / 255, value / 255
    names = _name_rows(hue, saturation, value)
    counts = np.bincount(names.ravel(), minlength=len(NAMES)) / _SAMPLES**2
    shares = tuple((NAMES[row], float(counts[row])) for row in np.argsort(-counts, kind="stable") if counts[row] > 0)
    return Colours(shares, _is_plain(image), _is_uniform(small), _background(small, names))


def mean_colours(frames: Sequence[Colours]) -> Colours:
    """Combine the colours of a video's frames: the mean shares, and the other properties if all frames have them."""
    total: Counter[str] = Counter()
    for frame in frames:
        total.update(dict(frame.shares))
    return Colours(
        tuple((name, share / len(frames)) for name, share in total.most_common()),
        all(frame.plain for frame in frames),
        all(frame.uniform for frame in frames),
        frames[0].background if len({frame.background for frame in frames}) == 1 else "",
    )


def _name_rows(hue: Floats, saturation: Floats, value: Floats) -> _Rows:
    """Return, for each pixel, the index of its colour in NAMES.

    `hue` is in degrees; `saturation` and `value` are from 0 to 1.
    """
    row = NAMES.index
    conditions = [value < 0.18, (saturation < 0.13) & (value > 0.85), saturation < 0.13]
    choices = [row("black"), row("white"), row("gray")]
    conditions += [
        (hue >= 10) & (hue < 45) & ((value < 0.62) | (saturation < 0.55)),
        ((hue < 14) | (hue >= 345)) & (saturation < 0.55) & (value > 0.7),
    ]
    choices += [row("brown"), row("pink")]
    for limit, name in _HUES + _HUES_AFTER:
        conditions.append(hue < limit)
        choices.append(row(name))
    return np.select(conditions, choices).astype(np.intp)


def _is_plain(image: Image.Image) -> bool:
    grey = np.asarray(image.convert("L").resize((96, 96), Image.Resampling.BOX), np.float32)
    down, across = np.abs(np.diff(grey, axis=0)), np.abs(np.diff(grey, axis=1))
    is_smooth = down.mean() + across.mean() < _FLAT_EDGES and max(down.max(), across.max()) < _MAX_STEP
    return bool(is_smooth and grey.std() < _FLAT_DEVIATION)


def _is_uniform(image: Image.Image) -> bool:
    """Return whether a picture of _SAMPLES x _SAMPLES pixels has contrast but consists of parts that hardly differ."""
    side = _SAMPLES // _PARTS
    pixels = np.asarray(image, np.float32)
    parts = pixels.reshape(_PARTS, side, _PARTS, side, 3)
    contrasts = parts.std(axis=(1, 3)).mean(axis=2)
    contrast, total = float(contrasts.mean()), float(pixels.var(axis=(0, 1)).sum())
    if contrast == 0:
        return False
    between = float(parts.mean(axis=(1, 3)).var(axis=(0, 1)).sum()) / total
    deviation = float(contrasts.std()) / contrast
    if contrast > _HIGH_CONTRAST:
        return between <= _MAX_BETWEEN_HIGH and deviation <= _MAX_DEVIATION_HIGH
    return between <= _MAX_BETWEEN and deviation <= _MAX_DEVIATION


def _background(image: Image.Image, names: _Rows) -> str:
    """Return the name of the plain background's colour, or "". `names` comes from _name_rows()."""
    pixels = np.asarray(image, np.float32)
    border = np.ones(pixels.shape[:2], bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    steps = np.abs(pixels - np.median(pixels[border], axis=0)).max(axis=2)
    is_even = (steps[border] <= _LITTLE).mean() >= _MIN_EVEN
    if is_even and _MIN_SHOWN <= (steps > _MUCH).mean() <= _MAX_SHOWN:
        return NAMES[int(np.bincount(names[border]).argmax())]
    return ""
