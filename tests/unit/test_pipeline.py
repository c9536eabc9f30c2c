import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from batches.models.states import Stage
from tests.support.images import SAMPLES, encoded, textured, written
from uploads import pipeline
from uploads.analysis.analyzer import Analyzer, get_analyzer
from uploads.analysis.base import Description, Label, PictureVector
from uploads.analysis.registry import get_embedder
from uploads.errors import EnvironmentalError, PermanentError, TransientError

# Pictures are indexed, and the text in them is read, outside the pipeline.
PIPELINE_STAGES = [stage for stage in Stage.values if stage not in (Stage.INDEXING, Stage.READING)]


class _StubAnalyzer:
    """An analyzer that describes only the width of a picture and fails on small pictures."""

    name = "stub"
    computes = True

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        (image,) = frames
        if image.width < 100:
            raise EnvironmentalError("model.away", "The model does not answer.")
        return Description((Label("wide", 0.5),), f"{image.width} pixels.")

    def embed(self, description: Description) -> PictureVector:
        return PictureVector("stub-1", (1.0,) + (0.0,) * 383)


def _stub() -> Analyzer:
    provider = _StubAnalyzer()
    return Analyzer(provider, provider)


def _ignore(stage: str) -> None:
    """Ignore the stage that the pipeline reports."""


def test_result_of_a_sample_is_complete() -> None:
    result = pipeline.process_file(SAMPLES / "chelsea.jpg", get_analyzer("local"), _ignore)

    assert (result.kind, result.mime_type, result.width, result.height) == ("image", "image/jpeg", 451, 300)
    assert (result.duration, result.taken_at, result.camera) == (None, None, "")
    assert sorted(result.previews) == [320, 1024]
    assert "cat" in result.description
    assert result.labels[0].name == "cat"
    assert result.embedding_model == "concept-minilm-probe-2-384"
    assert result.vector is not None
    assert json.loads(json.dumps(result.metadata, allow_nan=False)) == result.metadata


def test_stages_are_reported_in_order() -> None:
    stages: list[str] = []

    pipeline.process_file(SAMPLES / "coffee.jpg", _stub(), stages.append)

    assert stages == PIPELINE_STAGES


@pytest.mark.parametrize("last", PIPELINE_STAGES)
def test_exception_of_on_stage_ends_the_processing(last: str) -> None:
    class StopError(Exception):
        """Raised by the caller's callback to stop processing."""

    stages: list[str] = []
    stop = StopError()

    def stop_at(stage: str) -> None:
        stages.append(stage)
        if stage == last:
            raise stop

    with pytest.raises(StopError) as raised:
        pipeline.process_file(SAMPLES / "coffee.jpg", _stub(), stop_at)

    assert raised.value is stop
    assert stages[-1] == last


def test_result_contains_the_analysis(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(textured(300, 200), "PNG"))

    result = pipeline.process_file(path, _stub(), _ignore)

    assert (result.description, result.labels) == ("300 pixels.", (Label("wide", 0.5),))
    assert (result.embedding_model, result.vector) == ("stub-1", (1.0,) + (0.0,) * 383)


class _ImageEmbedder:
    """An embedder that computes vectors of two numbers from the frames."""

    name = "images"
    computes = False

    def embed_images(self, frames: Sequence[Image.Image]) -> PictureVector:
        return PictureVector("images-1", (0.0, float(len(frames))), dimensions=2)


def test_another_provider_may_embed_the_picture_itself() -> None:
    result = pipeline.process_file(SAMPLES / "coffee.jpg", Analyzer(_StubAnalyzer(), _ImageEmbedder()), _ignore)

    assert (result.description, result.description_model) == ("600 pixels.", "stub")
    assert (result.embedding_model, result.vector) == ("images-1", (0.0, 1.0))


class _Writer(_StubAnalyzer):
    """A describer that writes text but no labels."""

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        return Description((), "A pet on a sofa.", model="writer-2")


def test_description_without_labels_gets_those_of_the_embedded_analyzer() -> None:
    result = pipeline.process_file(SAMPLES / "chelsea.jpg", Analyzer(_Writer(), get_embedder("local")), _ignore)

    assert (result.description, result.description_model) == ("A pet on a sofa.", "writer-2")
    assert result.labels[0].name == "cat"
    assert result.vector is not None


class _Rewriter(_StubAnalyzer):
    """A describer that refuses at first, and returns a usable description only when asked again."""

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        return Description((Label("cup", 0.9),), "I cannot help with that.")

    def describe_again(self, frames: Sequence[Image.Image]) -> Description:
        return Description((), "A cup of coffee on a wooden table.")


def test_poor_description_is_regenerated_once() -> None:
    stages: list[str] = []

    result = pipeline.process_file(
        SAMPLES / "coffee.jpg", Analyzer(_Rewriter(), _StubAnalyzer(), audit_minimum=40), stages.append
    )

    assert stages[2:] == ["describing", "auditing", "describing", "embedding"]
    assert (result.description, result.audit_score, result.regenerations) == (
        "A cup of coffee on a wooden table.",
        100,
        1,
    )
    assert result.labels == (Label("cup", 0.9),)


def test_description_is_not_regenerated_without_a_minimum() -> None:
    result = pipeline.process_file(SAMPLES / "coffee.jpg", Analyzer(_Rewriter(), _StubAnalyzer()), _ignore)

    assert (result.description, result.regenerations) == ("I cannot help with that.", 0)
    assert result.audit_score < 40


def test_edited_description_is_embedded_instead_of_the_providers() -> None:
    embedded: list[str] = []

    class Recorder(_StubAnalyzer):
        def embed(self, description: Description) -> PictureVector:
            embedded.append(description.description)
            return super().embed(description)

    pipeline.process_file(
        SAMPLES / "coffee.jpg", Analyzer(_Rewriter(), Recorder(), audit_minimum=40), _ignore, edited="My cup."
    )

    assert embedded == ["My cup."]


def test_errors_of_the_analyzer_are_passed_on(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(textured(64, 48), "PNG"))

    with pytest.raises(EnvironmentalError, match=r"model\.away"):
        pipeline.process_file(path, _stub(), _ignore)


@pytest.mark.parametrize("vector", [(1.0,) * 383, (math.nan,) + (0.0,) * 383], ids=["short", "nan"])
def test_unusable_vector_is_a_transient_error(monkeypatch: pytest.MonkeyPatch, vector: tuple[float, ...]) -> None:
    analyzer = _stub()
    monkeypatch.setattr(analyzer.embedder, "embed", lambda description: PictureVector("stub-1", vector))

    with pytest.raises(TransientError, match=r"analysis\.answer"):
        pipeline.process_file(SAMPLES / "coffee.jpg", analyzer, _ignore)


def test_broken_file_never_reaches_the_analyzer(tmp_path: Path) -> None:
    stages: list[str] = []
    path = written(tmp_path, b"This is my holiday.", "beach.jpg")

    with pytest.raises(PermanentError, match=r"file\.unsupported"):
        pipeline.process_file(path, _stub(), stages.append)

    assert stages == ["checking"]
