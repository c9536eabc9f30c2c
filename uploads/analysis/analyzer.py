"""Analyse one picture with a describer and an embedder, which may belong to different providers."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from PIL import Image

from uploads.analysis.base import Describer, Description, Embedder, ImageEmbedder, PictureVector, Provider
from uploads.analysis.registry import get_describer, get_embedder
from uploads.errors import TransientError

CpuSlot = Callable[[], AbstractContextManager[object]]
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Analyzer:
    """The providers that a site uses."""

    describer: Describer
    embedder: Embedder


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result for one picture. `description.model` is never empty."""

    description: Description
    embedding: PictureVector


def get_analyzer(describer: str, embedder: str | None = None) -> Analyzer:
    """Return the analyzer of these providers; without `embedder`, one provider does both. See get_describer()."""
    return Analyzer(get_describer(describer), get_embedder(embedder or describer))


def analyze(
    analyzer: Analyzer, frames: Sequence[Image.Image], on_stage: Callable[[str], None], cpu_slot: CpuSlot
) -> Analysis:
    """Describe and embed a picture; see Describer.describe for `frames`, and process_file() for the other arguments.

    Raises the errors of the providers, and TransientError `analysis.answer` for a vector that cannot be stored.
    """
    on_stage("describing")
    with _slot(analyzer.describer, cpu_slot):
        description = analyzer.describer.describe(frames)
    if not description.labels:
        description = _with_local_labels(analyzer, description, frames, cpu_slot)
    on_stage("embedding")
    with _slot(analyzer.embedder, cpu_slot):
        embedding = embed(analyzer.embedder, description, frames)
    return Analysis(replace(description, model=description.model or analyzer.describer.name), embedding)


def embed(embedder: Embedder, description: Description, frames: Sequence[Image.Image]) -> PictureVector:
    """Return the vector of a described picture. Only an ImageEmbedder looks at `frames`. Raises like analyze()."""
    embedding = embedder.embed_images(frames) if isinstance(embedder, ImageEmbedder) else embedder.embed(description)
    vector = embedding.vector
    if vector is not None and (len(vector) != embedding.dimensions or not all(map(math.isfinite, vector))):
        raise TransientError("analysis.answer")
    return embedding


def _with_local_labels(
    analyzer: Analyzer, description: Description, frames: Sequence[Image.Image], cpu_slot: CpuSlot
) -> Description:
    """Add the findings of the embedded analyzer, if it was not the one that found nothing."""
    local = get_describer(LOCAL)
    if analyzer.describer is local:
        return description
    with _slot(local, cpu_slot):
        found = local.describe(frames)
    return replace(description, labels=found.labels, phrase_weights=found.phrase_weights)


def _slot(provider: Provider, cpu_slot: CpuSlot) -> AbstractContextManager[object]:
    return cpu_slot() if provider.computes else nullcontext()
