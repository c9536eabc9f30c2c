"""Compute a picture's code, which finds near duplicates among 100,000 pictures in milliseconds. Pure functions only.

A code has 5 words of 64 bits. The first is the difference hash (dHash): a bit is set if, in the picture reduced to 9 x
8 grey pixels, a pixel is brighter than the one to its right. The others are the signs of 256 random projections of the
classifier's features. The share of signs that differ between two codes estimates the angle between their
features (Charikar 2002, "Similarity Estimation Techniques from Rounding Algorithms").
"""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

FEATURES = 1280
"""Length of the classifier's features."""

_SIGNS = 256
_GRID = (9, 8)


def picture_code(image: Image.Image, features: Sequence[float] | None) -> bytes:
    """Return the code of a picture. Without features, all its sign bits are zero."""
    reduced = image.resize(_GRID, Image.Resampling.BOX, reducing_gap=2.0).convert("L")
    grey = np.asarray(reduced, np.int16)
    bits = [(grey[:, :-1] > grey[:, 1:]).ravel()]
    bits.append(_projections() @ np.asarray(features, np.float32) > 0 if features else np.zeros(_SIGNS, bool))
    return np.packbits(np.concatenate(bits)).tobytes()


@cache
def _projections() -> npt.NDArray[np.float32]:
    """Return 256 projections of 1s and -1s. They must never change, because codes are stored."""
    bits = hashlib.shake_256(b"vuemantics").digest(_SIGNS * FEATURES // 8)
    ones = np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(_SIGNS, FEATURES)
    return 2 * ones.astype(np.float32) - 1
