"""A hit is explained by the words that matched."""

import unicodedata

import pytest

from uploads.search.language import parse_query
from uploads.search.reasons import Part, Reason, explain

TEXTS = {"description": "Two cats on a bed.", "labels": "tabby cat", "file": "IMG_7.JPG", "camera": "Pixel 8"}


@pytest.mark.parametrize(
    ("query", "source", "found"),
    [
        ("cat", "description", ["cats"]),
        ("on the bed", "description", ["bed"]),
        ('"a bed"', "description", ["a", "bed"]),
        ("tabby OR zebra", "labels", ["tabby"]),
        ("img_7", "file", ["IMG", "7"]),
        ("pixel", "camera", ["Pixel"]),
    ],
)
def test_first_text_with_a_word_of_the_query_is_the_reason(query: str, source: str, found: list[str]) -> None:
    reason = explain(parse_query(query), TEXTS)

    assert reason is not None
    assert reason.source == source
    assert [part.text for part in reason.parts if part.found] == found


def test_parts_add_up_to_the_text() -> None:
    reason = explain(parse_query("cat"), {"description": "A cat; no cats!"})

    assert reason is not None
    assert reason.parts == (
        Part("A ", False),
        Part("cat", True),
        Part("; no ", False),
        Part("cats", True),
        Part("!", False),
    )


def test_picture_without_the_words_has_no_reason() -> None:
    assert explain(parse_query("a giraffe"), TEXTS) is None


@pytest.mark.parametrize(("query", "word"), [("puppy", "puppies"), ("holiday", "holidays"), ("horse", "horses")])
def test_plural_is_a_match(query: str, word: str) -> None:
    assert explain(parse_query(query), {"keywords": word}) is not None


@pytest.mark.parametrize("text", ["Zürich", unicodedata.normalize("NFD", "Zürich")])
def test_accents_are_ignored(text: str) -> None:
    reason = explain(parse_query("zurich"), {"file": f"{text}.jpg"})

    assert reason == Reason("file", (Part("Zürich", True), Part(".jpg", False)))


def test_long_text_is_shortened_around_the_first_match() -> None:
    text = f"{'first ' * 40}Harbour Street {'and more ' * 60}"

    reason = explain(parse_query("street"), {"text": text})

    assert reason is not None
    shown = "".join(part.text for part in reason.parts)
    assert shown.startswith("…")
    assert "first Harbour Street and more" in shown
    assert shown.endswith("…")
    assert len(shown) == 302
    assert [part.text for part in reason.parts if part.found] == ["Street"]
