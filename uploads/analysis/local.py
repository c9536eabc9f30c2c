"""The embedded analyzer. It runs small networks that are included in the program and needs no server or download."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from uploads.analysis import concept_vector, sentences
from uploads.analysis.base import Description, PictureVector
from uploads.analysis.classifier import Classified, Classifier
from uploads.analysis.colours import read_colours
from uploads.analysis.detector import Detector
from uploads.analysis.evidence import MIN_SCORE, Evidence, combine_evidence, hide_with_people, merge_evidence
from uploads.analysis.model_files import Floats
from uploads.analysis.picture_statistics import measure
from uploads.analysis.probe import Probe
from uploads.analysis.vocabulary import load_vocabulary

_LARGE = 900


class LocalAnalyzer:
    """A describer and embedder. It takes about 70 ms per picture or frame on one core, and 100 MB per process.

    The constructor loads and verifies the weights, and may raise EnvironmentalError `analysis.weights`. The analyzer
    never infers a person's sex, religion, health or name.
    """

    name = "local"
    computes = True

    def __init__(self) -> None:
        self._vocabulary = load_vocabulary()
        self._classifier = Classifier()
        self._detector = Detector()
        self._probe = Probe()

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        """See Describer.describe; `phrase_weights` are rows of the shipped vocabulary.

        For a video, each label gets its highest score in any frame, and phrase weights are averaged over all frames.
        """
        halves = [_halve(frame) for frame in frames]
        classified = [self._classifier.classify(half) for half in halves]
        found = [self._examine(*one) for one in zip(frames, halves, classified, strict=True)]
        if any(one.may_show_people for one in found):
            found = [hide_with_people(self._vocabulary, one) for one in found]
        evidence = merge_evidence(found)
        return Description(
            labels=sentences.choose_labels(self._vocabulary, evidence),
            description=sentences.compose_sentence(self._vocabulary, evidence),
            phrase_weights=tuple(
                (row, weight / len(found))
                for one in found
                for row, weight in concept_vector.weigh_phrases(self._vocabulary, one)
            ),
            features=_mean_features([one.features for one in classified]),
        )

    def _examine(self, image: Image.Image, half: Image.Image, classified: Classified) -> Evidence:
        return combine_evidence(
            self._vocabulary,
            classified.probabilities,
            self._detector.detect(half, MIN_SCORE),
            read_colours(half),
            self._probe.look(classified.features, measure(image, half)),
        )

    def embed(self, description: Description) -> PictureVector:
        """See DescriptionEmbedder.embed. No model runs here: the vectors of all phrases ship with the program."""
        return PictureVector(
            concept_vector.MODEL, concept_vector.combine_vectors(self._vocabulary, description.phrase_weights)
        )


def _halve(image: Image.Image) -> Image.Image:
    # The networks use at most 416 pixels on the longer side, and halving is the cheapest first step towards that.
    return image.reduce(2) if max(image.size) >= _LARGE else image


def _mean_features(features: Sequence[Floats]) -> tuple[float, ...]:
    total = np.sum(features, axis=0)
    return tuple((total / max(float(np.linalg.norm(total)), 1e-9)).tolist())
