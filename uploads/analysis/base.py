"""The contract between the pipeline and whatever looks at pictures."""

from dataclasses import dataclass
from typing import Protocol

from PIL import Image

DIMENSIONS = 384
"""Numbers in every vector."""


@dataclass(frozen=True, slots=True)
class Label:
    """Something seen in a picture; `score` is the analyzer's confidence, 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Description:
    """What describe() found: `labels` by falling score, `description` a plain sentence.

    `phrase_weights` carries what was seen to embed(): rows of the analyzer's own vocabulary with their weights. It is
    empty for analyzers that embed the words. `audit_score` (0 to 100) is None unless the description was really judged.
    """

    labels: tuple[Label, ...]
    description: str
    phrase_weights: tuple[tuple[int, float], ...] = ()
    audit_score: int | None = None


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector (DIMENSIONS numbers, unit length, or None) and the `model` within which it may be compared."""

    model: str
    vector: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that an analyzer says of one picture."""

    labels: tuple[Label, ...]
    description: str
    embedding_model: str
    vector: tuple[float, ...] | None
    audit_score: int | None


class Analyzer(Protocol):
    """Looks at pictures; one object serves all threads of a process at once.

    `computes`: it keeps a core of this machine busy; False: it waits for a server. Both methods may raise
    TransientError (a bad answer) and EnvironmentalError (nobody answers).
    """

    name: str
    computes: bool

    def describe(self, image: Image.Image) -> Description:
        """Say what is in `image` (RGB, upright, its longer side 1024 pixels at most)."""
        ...

    def embed(self, description: Description) -> Embedding:
        """Turn what describe() of the same analyzer returned into a vector."""
        ...
