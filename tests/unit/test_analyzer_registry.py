import threading

import pytest
from PIL import Image

from uploads.analysis.base import Description, Embedding, Label
from uploads.analysis.registry import get_analyzer
from uploads.errors import EnvironmentalError


class CountedAnalyzer:
    """An analyzer that knows how often it was made."""

    name = "counted"
    computes = False
    made = 0
    gate = threading.Barrier(4, timeout=10)

    def __init__(self) -> None:
        type(self).made += 1

    def describe(self, image: Image.Image) -> Description:
        """Name the mode of `image`."""
        return Description((Label(image.mode, 1.0),), f"A picture in {image.mode}.")

    def embed(self, description: Description) -> Embedding:
        """Give no vector."""
        return Embedding("", None)


class BrittleAnalyzer(CountedAnalyzer):
    """An analyzer that cannot be made at first."""

    name = "brittle"
    made = 0

    def __init__(self) -> None:
        super().__init__()
        if type(self).made == 1:
            raise OSError("away")


def test_analyzer_is_made_once_for_all_threads() -> None:
    found: list[object] = []

    def ask() -> None:
        CountedAnalyzer.gate.wait()
        found.append(get_analyzer("tests.unit.test_analyzer_registry:CountedAnalyzer"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(found) == 4
    assert len(set(map(id, found))) == 1
    assert CountedAnalyzer.made == 1


class ShyAnalyzer:
    """An analyzer whose models are away, as it says itself."""

    def __init__(self) -> None:
        raise EnvironmentalError("model.away", "The model server does not answer.")


def test_analyzer_that_could_not_be_made_is_tried_again() -> None:
    name = "tests.unit.test_analyzer_registry:BrittleAnalyzer"

    with pytest.raises(EnvironmentalError, match=r"analysis\.unusable"):
        get_analyzer(name)

    assert get_analyzer(name).name == "brittle"


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
def test_analyzer_that_cannot_be_made_is_nobodys_fault_and_the_known_names_are_told(name: str) -> None:
    with pytest.raises(EnvironmentalError, match="local") as raised:
        get_analyzer(name)

    assert raised.value.code == "analysis.unusable"


def test_analyzer_may_say_itself_what_is_away() -> None:
    with pytest.raises(EnvironmentalError, match=r"model\.away"):
        get_analyzer("tests.unit.test_analyzer_registry:ShyAnalyzer")
