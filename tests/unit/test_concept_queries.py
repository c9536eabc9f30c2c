"""Query vectors are scaled so that one threshold separates hits from other pictures for every query."""

import numpy as np
import pytest

from uploads.analysis.concept_queries import Calibration, ConceptQueries
from uploads.analysis.text_encoder import TextEncoder
from uploads.analysis.vocabulary import load_vocabulary


@pytest.fixture(scope="module")
def queries() -> ConceptQueries:
    return ConceptQueries()


def length(queries: ConceptQueries, text: str) -> float:
    return float(np.linalg.norm(queries.embed_query(text).numbers))


def test_vector_has_the_direction_of_the_text(queries: ConceptQueries) -> None:
    vector = np.array(queries.embed_query("a rocket launch").numbers)

    assert vector @ TextEncoder().encode("a rocket launch") == pytest.approx(np.linalg.norm(vector), abs=1e-5)


def test_query_that_resembles_many_phrases_needs_a_higher_cosine(queries: ConceptQueries) -> None:
    assert length(queries, "animal") < length(queries, "rocket launch") < length(queries, "tax return")


@pytest.mark.parametrize(
    ("query", "phrase", "is_hit"),
    [
        ("giraffe", "giraffe", True),
        ("giraffe", "zebra", False),
        ("rocket launch", "missile", True),
        ("wedding", "umbrella", False),
        ("lighthouse", "pier", False),
        ("teddy bear", "polar bear", False),
    ],
)
def test_hit_fit_separates_matching_phrases(queries: ConceptQueries, query: str, phrase: str, is_hit: bool) -> None:
    vocabulary = load_vocabulary()
    phrases = (*vocabulary.labels, *vocabulary.kinds, *vocabulary.objects)

    fit = vocabulary.vectors[phrases.index(phrase)] @ queries.embed_query(query).numbers

    assert (fit >= queries.hit_fit) == is_hit


def test_picture_must_exceed_the_mean_of_the_nearest_phrases_and_have_most_of_the_cosine_of_the_nearest_one() -> None:
    calibration = Calibration(margin=0.2, share=0.7)
    unlike = np.full(1000, -1.0, np.float32)
    like_many = np.concatenate([unlike, np.full(300, 0.3, np.float32)])
    like_one = np.concatenate([unlike, np.zeros(299, np.float32), np.array([0.9], np.float32)])

    assert calibration.needed_cosine(like_many) == pytest.approx(0.3 + 0.2)
    assert calibration.needed_cosine(like_one) == pytest.approx(0.9 * 0.7)
    assert calibration.needed_cosine(unlike) == pytest.approx(0.2)


def test_text_that_resembles_nothing_has_a_finite_vector(queries: ConceptQueries) -> None:
    assert 0 < length(queries, "qzx 4711 !?") < 3
    assert 0 < length(queries, "") < 3


def test_weight_of_text_grows_with_its_words(queries: ConceptQueries) -> None:
    lengths = [
        float(np.linalg.norm(queries.embed_text(text) or ()))
        for text in ("12:00 a GPS-7 //", "NIKON", "flour eggs milk", "Whisk flour, eggs and milk in a large bowl")
    ]

    assert lengths == pytest.approx([0, 0.2, 0.6, 1], abs=1e-5)


def test_only_the_beginning_of_long_text_is_encoded(queries: ConceptQueries) -> None:
    words = "flour " * 60

    assert queries.embed_text(f"{words} wedding") == queries.embed_text(f"{words} invoice")
