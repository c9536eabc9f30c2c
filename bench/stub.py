"""Describers that do almost nothing: one only waits, to simulate a model server; the other recognises two colours."""

import time
from collections.abc import Sequence

import numpy as np
from PIL import Image

from uploads.analysis.base import Description, Label, PictureVector
from uploads.analysis.vocabulary import load_vocabulary

SECONDS = 0.055


class WaitingAnalyzer:
    name = "waiting"
    computes = False

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        """Wait, then return a fixed description with a label, so that the embedded analyzer does not add labels."""
        time.sleep(SECONDS)
        return Description((Label("picture", 1.0),), "A picture.")

    def embed(self, description: Description) -> PictureVector:
        return PictureVector("", None)


class ColourDescriber:
    """Recognises only whether a picture is red or blue, so that thousands of pictures take little time."""

    name = "colour"
    computes = False

    def __init__(self) -> None:
        vocabulary = load_vocabulary()
        self._red, self._blue = (vocabulary.scene_row(f"{colour} color") for colour in ("red", "blue"))

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        """Return the colour only as a phrase for the embedder `local`, so that searches can match it only by vector."""
        red, _green, blue = np.asarray(frames[0]).mean(axis=(0, 1))
        row = self._red if red > blue else self._blue
        return Description((Label("picture", 1.0),), "A picture.", phrase_weights=((row, 1.0),))
