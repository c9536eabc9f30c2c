"""Detect objects in a picture, with NanoDet-g and the 80 COCO classes.

For the network, see https://github.com/RangiLyu/nanodet. It encodes a box as the distances from the centre of a
grid cell to the four sides of the box. Each distance is the mean of a softmax over 11 bins (Generalized Focal Loss, Li
et al. 2020, arXiv:2006.04388).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from uploads.analysis.model_files import Floats
from uploads.analysis.onnx_model import OnnxModel

_SIDE = 416
_STEP = 32
_GREY = (127, 127, 127)
_MEAN_BGR = np.array([103.53, 116.28, 123.675], np.float32)
_DEVIATION_BGR = np.array([57.375, 57.12, 58.395], np.float32)
# For each level: the names of the outputs for scores and distances, and the stride in pixels.
_LEVELS = (("Identity", "Identity_3", 8), ("Identity_1", "Identity_4", 16), ("Identity_2", "Identity_5", 32))
_OUTPUTS = [name for scores, distances, _ in _LEVELS for name in (scores, distances)]
_BINS = np.arange(11, dtype=np.float32)
# Two boxes of the same class whose intersection over union is larger than this show the same object.
_MAX_OVERLAP = 0.55


@dataclass(frozen=True, slots=True)
class Detection:
    """A detected object. `kind` is its COCO class, and `area` is the approximate share of the picture in its box."""

    kind: int
    score: float
    area: float


class Detector:
    """Detects objects. Thread-safe; create one per process."""

    def __init__(self) -> None:
        self._model = OnnxModel("nanodet_g.onnx")

    def detect(self, image: Image.Image, threshold: float) -> list[Detection]:
        """Return the objects in the RGB picture `image` with a score above `threshold`, the highest score first."""
        pixels = prepare(image)
        height, width = pixels.shape[2:]
        arrays = self._model.run(_OUTPUTS, pixels)
        parts = [
            _decode_boxes(scores[0], distances[0], width // stride, stride, threshold)
            for scores, distances, (_, _, stride) in zip(arrays[::2], arrays[1::2], _LEVELS, strict=True)
        ]
        boxes, scores, kinds = (np.concatenate(part) for part in zip(*parts, strict=True))
        areas = _areas(np.clip(boxes, 0, (width, height, width, height))) / (width * height)
        return [
            Detection(int(kinds[i]), float(scores[i]), min(1.0, float(areas[i])))
            for i in _suppress_duplicates(boxes, scores, kinds)
        ]


def prepare(image: Image.Image) -> Floats:
    """Return the input of the network, shape (1, 3, height, width). Height and width are multiples of _STEP.

    A grey border pads the picture to that size. If the input were square, at least a quarter of it would be padding for
    most photos.
    """
    scale = _SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    frame = Image.new("RGB", (-(-width // _STEP) * _STEP, -(-height // _STEP) * _STEP), _GREY)
    frame.paste(small, ((frame.width - width) // 2, (frame.height - height) // 2))
    pixels = np.empty((1, 3, frame.height, frame.width), np.float32)
    # Process one channel at a time, because arithmetic on interleaved channels takes five times as long.
    for row, (channel, mean, deviation) in enumerate(zip(frame.split()[::-1], _MEAN_BGR, _DEVIATION_BGR, strict=True)):
        np.subtract(np.asarray(channel), mean, out=pixels[0, row])
        pixels[0, row] /= deviation
    return pixels


def _decode_boxes(
    scores: Floats, distances: Floats, columns: int, stride: int, threshold: float
) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """Decode one level into boxes (n, 4: left, top, right, bottom in pixels), scores (n,) and classes (n,)."""
    cells, kinds = np.nonzero(scores > threshold)
    bins = distances.reshape(-1, 4, len(_BINS))[cells]
    weights = np.exp(bins - bins.max(axis=-1, keepdims=True))
    reach = (weights @ _BINS) / weights.sum(axis=-1) * stride
    centre = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32) * stride + stride / 2
    boxes = np.concatenate([centre - reach[:, :2], centre + reach[:, 2:]], axis=1)
    return boxes, scores[cells, kinds], kinds


def _areas(boxes: Floats) -> Floats:
    sides = np.clip(boxes[..., 2:] - boxes[..., :2], 0, None)
    areas: Floats = sides[..., 0] * sides[..., 1]
    return areas


def _suppress_duplicates(boxes: Floats, scores: Floats, kinds: npt.NDArray[np.intp]) -> list[int]:
    """Return the rows to keep, the highest score first, by greedy non-maximum suppression within each class."""
    kept: list[int] = []
    candidates = np.argsort(-scores, kind="stable")
    areas = _areas(boxes)
    while len(candidates):
        best, candidates = int(candidates[0]), candidates[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[candidates, :2])
        high = np.minimum(boxes[best, 2:], boxes[candidates, 2:])
        shared = _areas(np.concatenate([low, high], axis=1))
        overlap = shared / np.maximum(areas[best] + areas[candidates] - shared, 1e-9)
        candidates = candidates[(overlap <= _MAX_OVERLAP) | (kinds[candidates] != kinds[best])]
    return kept
