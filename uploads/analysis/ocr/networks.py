"""The networks that read text: a detector of lines and a recogniser of the characters in one line (PP-OCRv6 small)."""

import threading
from functools import cache

import numpy as np
from PIL import Image

from uploads.analysis.model_files import Floats
from uploads.analysis.ocr.installed_models import DETECTOR, RECOGNISER, find_model
from uploads.analysis.onnx_model import open_session

GRID = 32
LINE_HEIGHT = 48
_lock = threading.Lock()


class Networks:
    """Both networks. Thread-safe; the constructor raises the errors of find_model().

    `characters` lists what the recogniser can output, in order. The first is the blank; see text_lines.decode().
    """

    def __init__(self) -> None:
        self._detector = open_session(find_model(DETECTOR))
        self._recogniser = open_session(find_model(RECOGNISER))
        known = self._recogniser.get_modelmeta().custom_metadata_map["character"].splitlines()
        self.characters = ["", *known, " "]

    def detect(self, image: Image.Image) -> Floats:
        """Return, for each pixel, the probability that it is in the core of a line; see text_boxes.py.

        The height and width of `image` must be multiples of GRID.
        """
        [[[found]]] = self._detector.run(None, {self._detector.get_inputs()[0].name: _pixels(image)})
        probabilities: Floats = found
        return probabilities

    def recognise(self, line: Image.Image) -> Floats:
        """Return the probabilities of all characters at each step along `line`, which is LINE_HEIGHT pixels high."""
        [[found]] = self._recogniser.run(None, {self._recogniser.get_inputs()[0].name: _pixels(line)})
        probabilities: Floats = found
        return probabilities


def _pixels(image: Image.Image) -> Floats:
    """Return the RGB picture as the networks expect it: shape (1, 3, height, width), BGR, values from -1 to 1."""
    pixels = np.asarray(image, np.float32)[..., ::-1] / 127.5 - 1
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def shared_networks() -> Networks:
    """Return the networks of this process; the first call loads them. Thread-safe. Raises find_model()'s errors."""
    with _lock:
        return _load()


@cache
def _load() -> Networks:
    return Networks()
