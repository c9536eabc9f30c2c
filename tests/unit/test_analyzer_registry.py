import threading
from collections.abc import Sequence

import pytest
from PIL import Image

from uploads.analysis.base import Description, DescriptionEmbedding, Label
from uploads.analysis.registry import get_analyzer
from uploads.errors import EnvironmentalError


class CountedAnalyzer:
    """An analyzer that counts how often it is created."""

    name = "counted"
    computes = False
    created = 0
    gate = threading.Barrier(4, timeout=10)

    def __init__(self) -> None:
        type(self).created += 1

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        """Return the name of the picture's mode as its description."""
        return Description((Label(frames[0].mode, 1.0),), f"A picture in {frames[0].mode}.")

    def embed(self, description: Description) -> DescriptionEmbedding:
        """Return an embedding without a vector."""
        return DescriptionEmbedding("", None)


class FailsOnceAnalyzer(CountedAnalyzer):
    """An analyzer whose first creation fails."""

    name = "fails-once"
    created = 0

    def __init__(self) -> None:
        super().__init__()
        if type(self).created == 1:
            raise OSError("away")


def test_analyzer_is_created_once_for_all_threads() -> None:
    found: list[object] = []

    def get() -> None:
        CountedAnalyzer.gate.wait()
        found.append(get_analyzer("tests.unit.test_analyzer_registry:CountedAnalyzer"))

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(found) == 4
    assert len(set(map(id, found))) == 1
    assert CountedAnalyzer.created == 1


class UnavailableAnalyzer:
    """An analyzer that reports that its model server is unavailable."""

    def __init__(self) -> None:
        raise EnvironmentalError("model.away", "The model server does not answer.")


def test_failed_creation_is_retried() -> None:
    name = "tests.unit.test_analyzer_registry:FailsOnceAnalyzer"

    with pytest.raises(EnvironmentalError, match=r"analysis\.unusable"):
        get_analyzer(name)

    assert get_analyzer(name).name == "fails-once"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "lokal",
        "no.such.module:Analyzer",
        "uploads.analysis.base:NoSuchAnalyzer",
        "uploads.analysis.base:Label",
        "builtins:dict",
    ],
)
def test_unusable_analyzer_is_an_environmental_error_with_the_known_names(name: str) -> None:
    with pytest.raises(EnvironmentalError, match="local") as raised:
        get_analyzer(name)

    assert raised.value.code == "analysis.unusable"


def test_environmental_error_of_the_analyzer_is_passed_on() -> None:
    with pytest.raises(EnvironmentalError, match=r"model\.away"):
        get_analyzer("tests.unit.test_analyzer_registry:UnavailableAnalyzer")
