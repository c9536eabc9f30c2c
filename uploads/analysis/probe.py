"""Recognise the medium of a picture, such as a photo or a screenshot, and its scenes, such as mountains or a street.

The probe is linear: a softmax over the media and a logistic regression for each scene. Its input consists of the
classifier's pooled features and the picture's statistics; see prepare(). tools/build_weights.py trains it.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uploads.analysis.model_files import Floats, read_weights
from uploads.analysis.picture_statistics import Statistics

MEDIA = ("photo", "drawing", "abstract", "document", "screenshot", "chart")
SCENES = (
    "building", "mountain", "water", "trees", "sunset", "night", "street", "indoor", "snow", "plants", "underwater",
    "beach", "flower", "sky", "space", "field",
)  # fmt: skip

# The features are scaled to this length, so that they count about as much as the 17 standardised statistics.
_LENGTH = 6.0


@dataclass(frozen=True, slots=True)
class Look:
    """The overall look of a picture.

    `media` are the probabilities of MEDIA, which add up to 1, and `scenes` those of SCENES, which are independent of
    each other. `saturation` and `luminance` are means from 0 to 1.
    """

    media: dict[str, float]
    scenes: dict[str, float]
    saturation: float
    luminance: float

    @property
    def page(self) -> float:
        """The probability of a medium with text or figures."""
        return self.media["document"] + self.media["screenshot"] + self.media["chart"]

    @property
    def drawn(self) -> float:
        """The probability of a medium that is neither a photo nor a page."""
        return self.media["drawing"] + self.media["abstract"]


@dataclass(frozen=True, slots=True)
class ProbeWeights:
    """The arrays of probe.npz.

    `mean` and `deviation`, shape (17,), standardise the statistics. `centre`, shape (1297,), is subtracted from the
    input. The matrices have a column for each of MEDIA or SCENES.
    """

    mean: Floats
    deviation: Floats
    centre: Floats
    media: Floats
    media_bias: Floats
    scenes: Floats
    scenes_bias: Floats

    def prepare(self, features: Floats, statistics: Floats) -> Floats:
        """Return the input of the linear models, shape (n, 1297), for features (n, 1280) and statistics (n, 17)."""
        roots = np.sqrt(np.maximum(features, 0))
        roots *= _LENGTH / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-9)
        prepared: Floats = np.hstack([roots, (statistics - self.mean) / self.deviation]) - self.centre
        return prepared


class Probe:
    """Applies the probe that ships with the program. The constructor raises the errors of read_weights()."""

    def __init__(self) -> None:
        with np.load(io.BytesIO(read_weights("probe.npz")), allow_pickle=False) as arrays:
            self._weights = ProbeWeights(**{name: arrays[name].astype(np.float32) for name in arrays})

    def look(self, features: Floats, statistics: Statistics) -> Look:
        """Return the look of a picture from its features, shape (1280,), and statistics."""
        weights = self._weights
        [row] = weights.prepare(features[None], np.array([statistics], np.float32))
        media = np.exp(row @ weights.media + weights.media_bias)
        scenes = 1 / (1 + np.exp(-(row @ weights.scenes + weights.scenes_bias)))
        return Look(
            dict(zip(MEDIA, (media / media.sum()).tolist(), strict=True)),
            dict(zip(SCENES, scenes.tolist(), strict=True)),
            statistics.saturation,
            statistics.luminance,
        )


def merge_looks(looks: Sequence[Look]) -> Look:
    """Combine the looks of a video's frames: the highest probability of each scene, and the mean of everything else."""
    count = len(looks)
    return Look(
        {name: sum(look.media[name] for look in looks) / count for name in MEDIA},
        {name: max(look.scenes[name] for look in looks) for name in SCENES},
        sum(look.saturation for look in looks) / count,
        sum(look.luminance for look in looks) / count,
    )
