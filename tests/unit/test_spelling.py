"""For a mistyped word, the most similar word of a vocabulary is found."""

from uploads.search.spelling import nearest_words


def test_nearest_words_differ_by_one_letter_or_two_if_long() -> None:
    known = {"tabby", "table", "portugal", "cat", "zebra"}
    typed = ["taby", "tabel", "prtugl", "portgl", "portugsl", "porxuxal", "cta", "giraffe"]

    found = dict(zip(typed, nearest_words(typed, known), strict=True))

    assert found == {
        "taby": "tabby",
        "tabel": "table",
        "prtugl": None,
        "portgl": None,
        "portugsl": "portugal",
        "porxuxal": "portugal",
        "cta": None,
        "giraffe": None,
    }


def test_first_of_equally_near_words_in_the_alphabet_is_taken() -> None:
    assert nearest_words(["bark"], ["park", "dark", "mark"]) == ["dark"]
    assert nearest_words(["bark"], []) == [None]
