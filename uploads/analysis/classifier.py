"""Classify a picture as a whole, with EfficientNet-Lite0 and the 1,000 ImageNet classes."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from uploads.analysis.model_files import Floats
from uploads.analysis.onnx_model import OnnxModel

_SIDE = 224
# Use the central square whose side is 224/256 of the picture's shorter side, as when the network was evaluated.
_MARGIN = 32


@dataclass(frozen=True, slots=True)
class Classified:
    """The result of classify(). `probabilities`, shape (1000,), has one entry per class; their sum is 1.

    The probabilities are computed from `features`, shape (1280,).
    """

    probabilities: Floats
    features: Floats


class Classifier:
    """Classifies pictures. Thread-safe; create one per process."""

    def __init__(self) -> None:
        self._model = OnnxModel("efficientnet_lite0.onnx")

    def classify(self, image: Image.Image) -> Classified:
        """Classify the RGB picture `image`."""
        side = min(image.size) * _SIDE / (_SIDE + _MARGIN)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        center = (left, top, left + side, top + side)
        small = image.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, box=center, reducing_gap=3.0)
        probabilities, features = self._model.run(["probs", "features"], np.asarray(small)[None])
        return Classified(probabilities[0], features[0])
