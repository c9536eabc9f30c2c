import threading
from collections.abc import Sequence

import pytest
from PIL import Image

from uploads.analysis.base import Description, Label, PictureVector
from uploads.analysis.registry import get_describer, get_embedder
from uploads.errors import EnvironmentalError


class CountedAnalyzer:
    """An analyzer that counts how often it is created."""

    name = "counted"
    computes = False
    created = 0
    gate = threading.Barrier(4, timeout=60)

    def __init__(self) -> None:
        type(self).created += 1

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        """Describe the picture by its mode, such as "RGB"."""
        return Description((Label(frames[0].mode, 1.0),), f"A picture in {frames[0].mode}.")

    def embed(self, description: Description) -> PictureVector:
        return PictureVector("", None)


class FailsOnceAnalyzer(CountedAnalyzer):
    """An analyzer that fails the first time it is created."""

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
        found.append(get_describer("tests.unit.test_analyzer_registry:CountedAnalyzer"))

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert len(set(map(id, found))) == 1
    assert CountedAnalyzer.created == 1


class UnavailableAnalyzer:
    """An analyzer whose model server is unavailable."""

    def __init__(self) -> None:
        raise EnvironmentalError("model.away", "The model server does not answer.")


class OnlyDescriber:
    """A describer that computes no vectors."""

    name = "only-describer"
    computes = False

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        return Description((), "A picture.")


def test_failed_creation_is_retried() -> None:
    name = "tests.unit.test_analyzer_registry:FailsOnceAnalyzer"

    with pytest.raises(EnvironmentalError, match=r"analysis\.unusable"):
        get_describer(name)

    assert get_describer(name).name == "fails-once"


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
        get_describer(name)

    assert raised.value.code == "analysis.unusable"


def test_describer_cannot_be_an_embedder() -> None:
    with pytest.raises(EnvironmentalError, match=r"analysis\.unusable"):
        get_embedder("tests.unit.test_analyzer_registry:OnlyDescriber")


def test_environmental_error_of_the_analyzer_is_passed_on() -> None:
    with pytest.raises(EnvironmentalError, match=r"model\.away"):
        get_describer("tests.unit.test_analyzer_registry:UnavailableAnalyzer")
