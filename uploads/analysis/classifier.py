"""Classify a picture as a whole: EfficientNet-Lite0 with 1,000 ImageNet classes."""

import numpy as np
from PIL import Image

from uploads.analysis.model_files import Floats, OnnxModel

_SIDE = 224
# The network was trained on the central 224/256 of a picture's shorter side.
_MARGIN = 32


class Classifier:
    """Thread-safe; create one per process."""

    def __init__(self) -> None:
        self._model = OnnxModel("efficientnet_lite0.onnx")

    def classify(self, image: Image.Image) -> Floats:
        """Return the probabilities (1000,) of the classes for the RGB picture `image`; their sum is 1."""
        side = min(image.size) * _SIDE / (_SIDE + _MARGIN)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        center = (left, top, left + side, top + side)
        small = image.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, box=center, reducing_gap=3.0)
        [batch] = self._model.run(["probs"], np.asarray(small)[None])
        probabilities: Floats = batch[0]
        return probabilities
