"""Encode queries and the text in pictures to match the local analyzer's vectors, without loading the analyzer."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from uploads.analysis.base import QueryVector
from uploads.analysis.concept_vector import MODEL
from uploads.analysis.model_files import Floats
from uploads.analysis.text_encoder import TextEncoder
from uploads.analysis.vocabulary import load_vocabulary

_CACHED_QUERIES = 500
# The mean cosine of a query counts only this many nearest phrases. With all phrases, it would depend mostly on those
# that have nothing in common with the query.
_NEAREST = 300
# Text counts as much as everything else in the picture if at least this many of its words consist of _WORD_LETTERS or
# more letters. Photos often show one or two such words, for example brand names, which say little about the picture.
_MANY_WORDS = 5
_WORD_LETTERS = 3
# The first words are enough to show what kind of text it is, and encoding more takes time.
_ENCODED_WORDS = 60


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which cosine a picture needs to match a query.

    It must exceed the mean cosine of the query and its nearest phrases by `margin`, because that mean shows how similar
    the query is to pictures that do not match. It must also be at least `share` of the cosine of the query and its
    nearest phrase. If the query is the name of a class, such as "lighthouse", pictures of similar things, such as a
    pier, exceed the mean too, but only pictures of the thing itself have most of the phrase's cosine.
    """

    margin: float
    share: float

    def needed_cosine(self, phrases: Floats) -> float:
        """Return the minimum cosine of a matching picture. `phrases` are the cosines of the query and all phrases."""
        nearest = np.partition(phrases, -_NEAREST)[-_NEAREST:]
        return max(max(0.0, float(nearest.mean())) + self.margin, self.share * float(nearest.max()))


CALIBRATION = Calibration(margin=0.21, share=0.68)
"""Chosen with `python -m tools.calibrate_queries`; see docs/search.md."""


class ConceptQueries:
    """A QueryEncoder and TextEmbedder. Queries are cached, because every page of results encodes its query again.

    Some queries have a high cosine with many pictures ("animal", "food"), and others a low one even with those that
    match ("rocket launch"). So a vector is scaled: the fit of a picture is `hit_fit` if its cosine is the one needed
    according to CALIBRATION.
    """

    model = MODEL
    hit_fit = 0.44

    def __init__(self) -> None:
        self._encoder = TextEncoder()
        self._phrases = load_vocabulary().vectors
        self.embed_query = lru_cache(_CACHED_QUERIES)(self._embed)

    def _embed(self, text: str) -> QueryVector:
        vector = np.array(self._encoder.encode(text), np.float32)
        needed = CALIBRATION.needed_cosine(self._phrases @ vector)
        return QueryVector(MODEL, tuple((vector * (self.hit_fit / needed)).tolist()))

    def embed_text(self, text: str) -> tuple[float, ...] | None:
        """See TextEmbedder.embed_text."""
        words = text.split()
        count = sum(len(word) >= _WORD_LETTERS and word.isalpha() for word in words)
        if not count:
            return None
        weight = min(1.0, count / _MANY_WORDS)
        return tuple(weight * number for number in self._encoder.encode(" ".join(words[:_ENCODED_WORDS])))
