"""Make the text in a picture part of the picture's vector, so that searches find the picture by that text."""

import math
from typing import NamedTuple

from django.conf import settings

from uploads.analysis.registry import get_text_embedder


class TextVector(NamedTuple):
    """The vector of a text, to be added to pictures' vectors of the same `model`."""

    model: str
    numbers: tuple[float, ...]


def embed_text(text: str) -> TextVector | None:
    """Return the vector of the text in a picture, to be added to a vector from the site's embedder.

    Return None if `text` has no words, or if the embedder's provider has no TextEmbedder. Raises the errors of
    get_describer().
    """
    embedder = get_text_embedder(settings.EMBEDDER) if text else None
    if embedder is None or (numbers := embedder.embed_text(text)) is None:
        return None
    return TextVector(embedder.model, numbers)


def add_text(vector: tuple[float, ...], model: str, text: str) -> tuple[float, ...]:
    """Return the sum of a picture's vector and the vector of the text in it, scaled to unit length.

    `model` is the model of `vector`. Return `vector` itself if the text has no vector of that model. Raises the errors
    of embed_text().
    """
    added = embed_text(text)
    if added is None or added.model != model:
        return vector
    total = [one + other for one, other in zip(vector, added.numbers, strict=True)]
    length = math.hypot(*total)
    return tuple(number / length for number in total) if length else vector
