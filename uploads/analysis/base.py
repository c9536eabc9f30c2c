"""The interface between the pipeline and the analyzers, which describe pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # checks of the settings import this module in every process
    from PIL import Image

DIMENSIONS = 384
"""Length of every vector."""


@dataclass(frozen=True, slots=True)
class Label:
    """Something recognised in a picture or video; `score` is the analyzer's confidence, 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Description:
    """The result of describe(). `labels` have the highest score first; `description` is in plain sentences.

    `phrase_weights` passes the findings on to embed(), as rows of the analyzer's vocabulary with their weights. It is
    empty if embed() uses the text instead.
    """

    labels: tuple[Label, ...]
    description: str
    phrase_weights: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class DescriptionEmbedding:
    """`vector` has DIMENSIONS numbers and unit length, or is None. Only vectors of the same `model` are comparable."""

    model: str
    vector: tuple[float, ...] | None


class Analyzer(Protocol):
    """Describes pictures and videos. All threads of a process share one object.

    `computes` is True if the analyzer keeps a core of this machine busy, and False if it waits for a server. Both
    methods may raise PermanentError (the picture is at fault), TransientError (an unusable answer) and
    EnvironmentalError (no answer). Any other exception is retried like a TransientError, but its text is only logged.
    """

    name: str
    computes: bool

    def describe(self, frames: "Sequence[Image.Image]") -> Description:
        """Describe one picture, or a video from 1 to 8 of its key frames in chronological order.

        Each frame is RGB, upright, and has at most 1024 pixels on its longer side.
        """
        ...

    def embed(self, description: Description) -> DescriptionEmbedding:
        """Return the vector for a description that was returned by describe() of the same analyzer."""
        ...


class QueryEncoder(Protocol):
    """Turns the words of a search into vectors that can be compared with those of pictures.

    `model` names the vectors it searches. A picture whose fit is below `hit_fit` is no hit; the number is calibrated
    per model (see docs/search.md). encode() returns DIMENSIONS numbers of unit length. Thread-safe.
    """

    model: str
    hit_fit: float

    def encode(self, text: str) -> tuple[float, ...]:
        """Return the vector of `text`."""
        ...
