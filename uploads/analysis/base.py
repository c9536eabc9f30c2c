"""The interfaces between the pipeline and the providers, which describe pictures or compute vectors for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # checks of the settings import this module in every process
    from PIL import Image

DIMENSIONS = 384
"""Length of the vectors of the embedded models."""


@dataclass(frozen=True, slots=True)
class Label:
    """Something recognised in a picture or video; `score` is the provider's confidence, 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Description:
    """The result of describe(). `labels` have the highest score first; `description` is in plain sentences.

    `phrase_weights` passes the findings of the embedded analyzer on to its embed(), as rows of its vocabulary with
    their weights. `model` is the name and version of the model that wrote the description; if it is empty, the name of
    the describer is stored instead. `language` is that of the description; labels are in English.
    `features` are numbers of unit length that pictures that look alike share, 1,280 of them, or None.
    """

    labels: tuple[Label, ...]
    description: str
    phrase_weights: tuple[tuple[int, float], ...] = ()
    model: str = ""
    language: str = "en"
    features: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class PictureVector:
    """The result of an embedder. `vector` has `dimensions` numbers and unit length, or is None.

    `model` is the name and version of the model. Only vectors of the same `model` are comparable.
    """

    model: str
    vector: tuple[float, ...] | None
    dimensions: int = DIMENSIONS


class Provider(Protocol):
    """What describers and embedders have in common. All threads of a process share one object.

    `computes` is True if the provider keeps a core of this machine busy, and False if it waits for a server. All
    methods may raise PermanentError (the picture is at fault), TransientError (an unusable answer) and
    EnvironmentalError (no answer). Any other exception is retried like a TransientError, but its text is only logged.
    """

    name: str
    computes: bool


class Describer(Provider, Protocol):
    """Describes pictures and videos. If it returns no labels, the picture gets those of the embedded analyzer."""

    def describe(self, frames: "Sequence[Image.Image]") -> Description:
        """Describe one picture, or a video from 1 to 8 of its key frames in chronological order.

        Each frame is RGB, upright, and has at most 1024 pixels on its longer side.
        """
        ...


@runtime_checkable
class Redescriber(Describer, Protocol):
    """A describer that would not give the same answer again."""

    def describe_again(self, frames: "Sequence[Image.Image]") -> Description:
        """Describe the same picture in another way, because the first description was poor."""
        ...


@runtime_checkable
class DescriptionEmbedder(Provider, Protocol):
    """Computes the vector of a picture from its description."""

    def embed(self, description: Description) -> PictureVector:
        """Return the vector for a description. Only its `description` is certain to be filled."""
        ...


@runtime_checkable
class ImageEmbedder(Provider, Protocol):
    """Computes the vector of a picture from the picture, with a model that has one space for pictures and text."""

    def embed_images(self, frames: "Sequence[Image.Image]") -> PictureVector:
        """Return the vector of a picture, or the mean of the vectors of a video's frames; see Describer.describe."""
        ...


Embedder = DescriptionEmbedder | ImageEmbedder


class QueryEncoder(Protocol):
    """Turns the words of a search into vectors that can be compared with those of pictures.

    `model` names the vectors it searches. A picture whose fit is below `hit_fit` is no hit; the number is calibrated
    per model (see docs/search.md). Thread-safe.
    """

    model: str
    hit_fit: float

    def embed_query(self, text: str) -> tuple[float, ...]:
        """Return the vector of `text`, of unit length."""
        ...
