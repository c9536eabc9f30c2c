"""The embedded analyzer: small networks that ship with the program, no server, no download."""

from PIL import Image

from uploads.analysis import concept_vector, sentences
from uploads.analysis.base import Description, Embedding
from uploads.analysis.classifier import Classifier
from uploads.analysis.colours import read_colours
from uploads.analysis.detector import Detector
from uploads.analysis.evidence import DETECTED, combine_evidence
from uploads.analysis.vocabulary import load_vocabulary


class LocalAnalyzer:
    """An Analyzer (see base) on one core: about 70 ms a picture, 100 MB a process.

    Making one loads and proves the weights; raises EnvironmentalError `analysis.weights`. It never infers anybody's
    sex, faith, health or name.
    """

    name = "local"
    computes = True

    def __init__(self) -> None:
        self._vocabulary = load_vocabulary()
        self._classifier = Classifier()
        self._detector = Detector()

    def describe(self, image: Image.Image) -> Description:
        """See Analyzer.describe; `phrase_weights` are rows of the shipped vocabulary."""
        evidence = combine_evidence(
            self._vocabulary,
            self._classifier.classify(image),
            self._detector.detect(image, DETECTED),
            read_colours(image),
        )
        return Description(
            labels=sentences.choose_labels(self._vocabulary, evidence),
            description=sentences.compose_sentence(self._vocabulary, evidence),
            phrase_weights=concept_vector.weigh_phrases(self._vocabulary, evidence),
        )

    def embed(self, description: Description) -> Embedding:
        """See Analyzer.embed; no model runs, the phrases were embedded when the program was built."""
        return Embedding(
            concept_vector.MODEL, concept_vector.combine_vectors(self._vocabulary, description.phrase_weights)
        )
