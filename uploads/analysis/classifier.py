"""Classify a picture as a whole, with EfficientNet-Lite0 and the 1,000 ImageNet classes."""

import numpy as np
from PIL import Image

from uploads.analysis.model_files import Floats, OnnxModel

_SIDE = 224
# The network was trained on central squares whose side is 224/256 of a picture's shorter side.
_MARGIN = 32


class Classifier:
    """Classifies pictures. Thread-safe; create one per process."""

    def __init__(self) -> None:
        self._model = OnnxModel("efficientnet_lite0.onnx")

    def classify(self, image: Image.Image) -> Floats:
        """Return the probabilities of all classes for the RGB picture `image`, shape (1000,). They add up to 1."""
        side = min(image.size) * _SIDE / (_SIDE + _MARGIN)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        center = (left, top, left + side, top + side)
        small = image.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, box=center, reducing_gap=3.0)
        [batch] = self._model.run(["probs"], np.asarray(small)[None])
        probabilities: Floats = batch[0]
        return probabilities
