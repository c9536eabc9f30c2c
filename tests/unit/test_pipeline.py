import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from batches.models.states import Stage
from tests.support.images import SAMPLES, encoded, textured, written
from uploads import pipeline
from uploads.analysis.base import Description, DescriptionEmbedding, Label
from uploads.analysis.registry import get_analyzer
from uploads.errors import EnvironmentalError, PermanentError, TransientError


class _StubAnalyzer:
    """An analyzer that describes only the width of a picture and fails on small pictures."""

    name = "stub"
    computes = True

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        (image,) = frames
        if image.width < 100:
            raise EnvironmentalError("model.away", "The model does not answer.")
        return Description((Label("wide", 0.5),), f"{image.width} pixels.")

    def embed(self, description: Description) -> DescriptionEmbedding:
        return DescriptionEmbedding("stub-1", (1.0,) + (0.0,) * 383)


def _ignore(stage: str) -> None:
    """Do nothing."""


def test_result_of_a_sample_is_complete() -> None:
    result = pipeline.process_file(SAMPLES / "chelsea.jpg", get_analyzer("local"), _ignore)

    assert (result.kind, result.mime_type, result.width, result.height) == ("image", "image/jpeg", 451, 300)
    assert (result.duration, result.taken_at, result.camera) == (None, None, "")
    assert sorted(result.previews) == [320, 1024]
    assert "cat" in result.description
    assert result.labels[0].name == "cat"
    assert result.embedding_model == "concept-minilm-384"
    assert result.vector is not None
    assert json.loads(json.dumps(result.metadata, allow_nan=False)) == result.metadata


def test_stages_are_reported_in_order() -> None:
    stages: list[str] = []

    pipeline.process_file(SAMPLES / "coffee.jpg", _StubAnalyzer(), stages.append)

    assert (*stages, "indexing") == tuple(Stage.values)


@pytest.mark.parametrize("last", Stage.values[:-1])
def test_exception_of_on_stage_ends_the_processing(last: str) -> None:
    class StopError(Exception):
        """The caller no longer needs the result."""

    stages: list[str] = []
    stop = StopError()

    def stop_at(stage: str) -> None:
        stages.append(stage)
        if stage == last:
            raise stop

    with pytest.raises(StopError) as raised:
        pipeline.process_file(SAMPLES / "coffee.jpg", _StubAnalyzer(), stop_at)

    assert raised.value is stop
    assert stages[-1] == last


def test_result_contains_the_analysis(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(textured(300, 200), "PNG"))

    result = pipeline.process_file(path, _StubAnalyzer(), _ignore)

    assert (result.description, result.labels) == ("300 pixels.", (Label("wide", 0.5),))
    assert (result.embedding_model, result.vector) == ("stub-1", (1.0,) + (0.0,) * 383)


def test_errors_of_the_analyzer_are_passed_on(tmp_path: Path) -> None:
    path = written(tmp_path, encoded(textured(64, 48), "PNG"))

    with pytest.raises(EnvironmentalError, match=r"model\.away"):
        pipeline.process_file(path, _StubAnalyzer(), _ignore)


@pytest.mark.parametrize("vector", [(1.0,) * 383, (math.nan,) + (0.0,) * 383], ids=["short", "nan"])
def test_unusable_vector_is_a_transient_error(monkeypatch: pytest.MonkeyPatch, vector: tuple[float, ...]) -> None:
    analyzer = _StubAnalyzer()
    monkeypatch.setattr(analyzer, "embed", lambda description: DescriptionEmbedding("stub-1", vector))

    with pytest.raises(TransientError, match=r"analysis\.answer"):
        pipeline.process_file(SAMPLES / "coffee.jpg", analyzer, _ignore)


def test_broken_file_never_reaches_the_analyzer(tmp_path: Path) -> None:
    stages: list[str] = []
    path = written(tmp_path, b"This is my holiday.", "beach.jpg")

    with pytest.raises(PermanentError, match=r"file\.unsupported"):
        pipeline.process_file(path, _StubAnalyzer(), stages.append)

    assert stages == ["checking"]
