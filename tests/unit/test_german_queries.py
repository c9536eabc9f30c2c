"""German words of a query are translated."""

import pytest

from uploads.search.german import english_for, translate_query
from uploads.search.language import parse_query


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("Katze", "cat"),
        ("Katzen", "cat"),
        ("Vögel", "bird"),
        ("Häuser", "house"),
        ("gelbes", "yellow"),
        ("Sportwagen", "sports car"),
        ("Feuerwehrauto", "fire truck car"),
        ("Kreisdiagramm", "pie chart"),
        ("Geburtstagskuchen", "birthday cake"),
        ("Herbstlaub", "autumn leaves"),
        ("Straßenschild", "street sign"),
        ("Wanderschuhe", "hiking boots"),
        ("der", ""),
        ("giraffe", "giraffe"),
        ("zqx", None),
    ],
)
def test_word_has_an_english_form(german: str, english: str | None) -> None:
    assert english_for(german) == english


@pytest.mark.parametrize(
    ("typed", "wordings"),
    [
        ("eine Katze", ["", "cat"]),
        ("Hund Mimi", ["dog", "Mimi"]),
        ("Mimi Lissy Hund", ["Mimi", "Lissy", "Hund"]),
        ('"Katze"', ["Katze"]),
        ("red car", ["red", "car"]),
    ],
)
def test_query_is_translated_if_half_of_its_words_are_known(typed: str, wordings: list[str]) -> None:
    [terms] = translate_query(parse_query(typed)).alternatives

    assert [term.wording for term in terms] == wordings


def test_translation_does_not_change_the_text_of_a_query() -> None:
    text = "Katze OR Hund -Menschen type:photo"

    assert str(translate_query(parse_query(text))) == text
