"""The interfaces of providers, which describe pictures or compute vectors of pictures, queries and texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:  # system checks import this module in every process
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
    """The result of describe(). `labels` are sorted by score, highest first; `description` is in plain sentences.

    `phrase_weights` are vocabulary rows and their weights, which the embedded analyzer passes to its own embed().
    `model` is the name and version of the model that wrote the description; if it is empty, the describer's name is
    stored instead. `language` is the language of the description; labels are in English. `features` is a unit vector of
    1,280 numbers that is similar for pictures that look alike, or None.
    """

    labels: tuple[Label, ...]
    description: str
    phrase_weights: tuple[tuple[int, float], ...] = ()
    model: str = ""
    language: str = "en"
    features: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class PictureVector:
    """The result of an embedder. `vector` is a unit vector of `dimensions` numbers, or None.

    `model` is the name and version of the model. Only vectors of the same `model` are comparable.
    """

    model: str
    vector: tuple[float, ...] | None
    dimensions: int = DIMENSIONS


class Provider(Protocol):
    """The common interface of describers and embedders. All threads of a process share one instance.

    `computes` is True if the provider uses a CPU core of this machine, and False if it waits for a server. All methods
    may raise PermanentError (the picture is at fault), TransientError (an unusable answer) and EnvironmentalError (no
    answer). Any other exception is retried like a TransientError, but its message is only logged.
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
    """A describer that can write a second, different description of a picture."""

    def describe_again(self, frames: "Sequence[Image.Image]") -> Description:
        """Describe a picture again after a poor first description."""
        ...


@runtime_checkable
class DescriptionEmbedder(Provider, Protocol):
    """Computes the vector of a picture from its description."""

    def embed(self, description: Description) -> PictureVector:
        """Return the vector of a description. Only its field `description` is guaranteed to be set."""
        ...


@runtime_checkable
class ImageEmbedder(Provider, Protocol):
    """Computes the vector of a picture from its pixels, with a model that embeds pictures and text in one space."""

    def embed_images(self, frames: "Sequence[Image.Image]") -> PictureVector:
        """Return the vector of a picture, or the mean of the vectors of a video's frames; see Describer.describe."""
        ...


Embedder = DescriptionEmbedder | ImageEmbedder


class QueryVector(NamedTuple):
    """The vector of a query. It can be compared only with the vectors of pictures that have the same `model`.

    It may be longer or shorter than a unit vector, so that the fits of different queries are comparable.
    """

    model: str
    numbers: tuple[float, ...]


class QueryEncoder(Protocol):
    """Embeds search queries as vectors that can be compared with those of pictures.

    A search finds pictures by appearance only if the best picture's fit is at least `hit_fit`; see docs/search.md for
    how fits are computed and calibrated. Thread-safe.
    """

    hit_fit: float

    @property
    def model(self) -> str:
        """The `model` of the vectors that embed_query() returns.

        If the model runs on a server, this sends a request and may raise the errors of embed_query().
        """
        ...

    def embed_query(self, text: str) -> QueryVector:
        """Return the vector of `text`, in a few seconds at most. May raise EnvironmentalError or TransientError."""
        ...


class TextEmbedder(Protocol):
    """Embeds the text in pictures. Its vectors are added to those that the embedder of the same provider computes."""

    model: str

    def embed_text(self, text: str) -> tuple[float, ...] | None:
        """Return the vector to add to a picture's unit vector, or None if `text` has no words.

        The vector is at most as long as a unit vector.
        """
        ...
