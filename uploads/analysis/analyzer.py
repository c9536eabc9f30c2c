"""Analyse one picture with a describer and an embedder, which may belong to different providers."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from PIL import Image

from uploads.analysis.audit import audit
from uploads.analysis.base import (
    Describer,
    Description,
    Embedder,
    ImageEmbedder,
    PictureVector,
    Provider,
    Redescriber,
)
from uploads.analysis.registry import get_describer, get_embedder
from uploads.errors import TransientError

CpuSlot = Callable[[], AbstractContextManager[object]]
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Analyzer:
    """The providers that analyse a picture.

    A description that scores below `audit_minimum` is regenerated once, if the describer is a Redescriber and no user
    has edited the description.
    """

    describer: Describer
    embedder: Embedder
    audit_minimum: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result for one picture. `description.model` is never empty. `regenerations` is 0 or 1."""

    description: Description
    audit_score: int
    regenerations: int
    embedding: PictureVector


def get_analyzer(describer: str, embedder: str | None = None, audit_minimum: int = 0) -> Analyzer:
    """Return the analyzer for these providers. `embedder` defaults to `describer`. See get_describer()."""
    return Analyzer(get_describer(describer), get_embedder(embedder or describer), audit_minimum)


def analyze(
    analyzer: Analyzer,
    frames: Sequence[Image.Image],
    on_stage: Callable[[str], None],
    cpu_slot: CpuSlot = nullcontext,
    edited: str = "",
) -> Analysis:
    """Describe, audit and embed a picture.

    For `frames`, see Describer.describe; for `on_stage`, `cpu_slot` and `edited`, see process_file().

    Raises the providers' errors, and TransientError `analysis.answer` for a vector that cannot be stored.
    """
    on_stage("describing")
    description = _describe(analyzer.describer, frames, cpu_slot, edited)
    on_stage("auditing")
    score, regenerations = _audit(description), 0
    if score < analyzer.audit_minimum and not edited and isinstance(analyzer.describer, Redescriber):
        on_stage("describing")
        description, score = _best_of_two(analyzer.describer, frames, description, score)
        regenerations = 1
    on_stage("embedding")
    with _slot(analyzer.embedder, cpu_slot):
        embedding = embed(analyzer.embedder, description, frames)
    return Analysis(description, score, regenerations, embedding)


def embed(embedder: Embedder, description: Description, frames: Sequence[Image.Image]) -> PictureVector:
    """Return the vector of a described picture. Only an ImageEmbedder uses `frames`. Raises analyze()'s errors."""
    embedding = embedder.embed_images(frames) if isinstance(embedder, ImageEmbedder) else embedder.embed(description)
    vector = embedding.vector
    if vector is not None and (len(vector) != embedding.dimensions or not all(map(math.isfinite, vector))):
        raise TransientError("analysis.answer")
    return embedding


def _describe(describer: Describer, frames: Sequence[Image.Image], cpu_slot: CpuSlot, edited: str) -> Description:
    """Return the description, with `edited` as its text unless that is empty.

    If the describer returns no labels, use those of the embedded analyzer.
    """
    if edited and not describer.computes:
        description = Description((), edited)  # the model's text would be discarded, so do not ask the server
    else:
        with _slot(describer, cpu_slot):
            description = describer.describe(frames)
    local = get_describer(LOCAL) if not description.labels else describer
    if local is not describer:
        with _slot(local, cpu_slot):
            found = local.describe(frames)
        description = replace(
            description, labels=found.labels, phrase_weights=found.phrase_weights, features=found.features
        )
    text, model = edited or description.description, description.model or describer.name
    return replace(description, description=text, model=model)


def _best_of_two(
    describer: Redescriber, frames: Sequence[Image.Image], first: Description, score: int
) -> tuple[Description, int]:
    """Describe the picture again, and return the description with the higher score."""
    try:
        second = replace(first, description=describer.describe_again(frames).description)
    except TransientError:
        return first, score  # a poor description is better than none
    second_score = _audit(second)
    return (second, second_score) if second_score > score else (first, score)


def _audit(description: Description) -> int:
    # Labels are in English, so a description in another language is not expected to mention them.
    return audit(description.description, description.labels if description.language == "en" else ())


def _slot(provider: Provider, cpu_slot: CpuSlot) -> AbstractContextManager[object]:
    return cpu_slot() if provider.computes else nullcontext()
