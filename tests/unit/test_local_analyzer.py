import threading

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.images import SAMPLES
from uploads.analysis.base import DIMENSIONS, Description
from uploads.analysis.local import LocalAnalyzer
from uploads.media.image import read_picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def analyzer() -> LocalAnalyzer:
    return LocalAnalyzer()


@pytest.fixture(scope="session")
def described(analyzer: LocalAnalyzer) -> dict[str, Description]:
    """The sample photos' descriptions, keyed by file name without extension."""
    return {path.stem: analyzer.describe([read_picture(path).image]) for path in SAMPLES.glob("*.jpg")}


@pytest.mark.parametrize(
    ("sample", "phrases"),
    [
        ("chelsea", ["cat"]),
        ("coffee", ["cup", "coffee"]),
        ("rocket", ["rocket"]),
        ("astronaut", ["person"]),
        ("hubble_deep_field", ["stars"]),
    ],
)
def test_description_names_the_subject(sample: str, phrases: list[str], described: dict[str, Description]) -> None:
    description = described[sample]

    names = " ".join(label.name for label in description.labels)
    assert all(word in description.description.lower() for word in phrases)
    assert phrases[0] in names


def test_page_is_named_as_such(analyzer: LocalAnalyzer) -> None:
    page = Image.new("RGB", (800, 1000), "white")
    draw = ImageDraw.Draw(page)
    for line in range(40):
        draw.text((60, 60 + line * 22), "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do", "black")

    found = analyzer.describe([page])

    assert found.description in {"A document with text.", "A page, screen or graphic with text."}
    assert [label.name for label in found.labels] in (["document"], ["text"])


def test_frames_are_described_together(analyzer: LocalAnalyzer, described: dict[str, Description]) -> None:
    cat, coffee = (read_picture(SAMPLES / f"{name}.jpg").image for name in ("chelsea", "coffee"))

    both = analyzer.describe([cat, coffee])

    names = {label.name for label in both.labels}
    assert {"cat", "beverage"} <= names
    halves = [
        tuple((row, weight / 2) for row, weight in described[one].phrase_weights) for one in ("chelsea", "coffee")
    ]
    assert both.phrase_weights == halves[0] + halves[1]


def test_descriptions_are_plain_sentences(described: dict[str, Description]) -> None:
    for description in described.values():
        text = description.description
        assert text[0].isupper()
        assert text.endswith(".")
        assert "  " not in text
        assert len(text) < 200


def test_labels_are_unique_and_sorted_by_score(described: dict[str, Description]) -> None:
    for description in described.values():
        scores = [label.score for label in description.labels]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)
        assert len({label.name for label in description.labels}) == len(scores)


def test_vectors_have_unit_length(analyzer: LocalAnalyzer, described: dict[str, Description]) -> None:
    embeddings = [analyzer.embed(description) for description in described.values()]

    assert {embedding.model for embedding in embeddings} == {"concept-minilm-probe-2-384"}
    for embedding in embeddings:
        assert embedding.vector is not None
        assert len(embedding.vector) == DIMENSIONS
        assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-5)


def test_similar_pictures_have_similar_vectors(analyzer: LocalAnalyzer, described: dict[str, Description]) -> None:
    with Image.open(SAMPLES / "chelsea.jpg") as cat:
        mirrored = analyzer.describe([cat.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])

    def cosine(one: Description, other: Description) -> float:
        return float(np.dot(analyzer.embed(one).vector or (), analyzer.embed(other).vector or ()))

    assert cosine(mirrored, described["chelsea"]) > 0.95
    assert all(cosine(mirrored, described[name]) < 0.75 for name in ("coffee", "rocket", "astronaut"))


def test_analyzer_is_thread_safe(analyzer: LocalAnalyzer, described: dict[str, Description]) -> None:
    image = read_picture(SAMPLES / "chelsea.jpg").image
    found: list[Description] = []
    threads = [threading.Thread(target=lambda: found.append(analyzer.describe([image]))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [described["chelsea"]] * 4


@pytest.mark.parametrize("size", [(1, 1), (1024, 1), (3, 700)])
def test_extreme_shapes_are_described(size: tuple[int, int], analyzer: LocalAnalyzer) -> None:
    description = analyzer.describe([Image.new("RGB", size, (0, 0, 200))])

    assert description.description
    assert analyzer.embed(description).vector is not None
