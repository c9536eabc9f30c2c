"""Pictures are found by words: which pictures, up to which number, and with which spelling."""

import unicodedata
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.search.conftest import MakePicture, add_to_import
from tests.support.html import compact
from uploads.analysis.base import QueryEncoder
from uploads.analysis.model_files import read_weights
from uploads.search import candidates, word_matches
from uploads.search.filters import filter_pictures
from uploads.search.language import parse_query
from uploads.search.query import Term
from uploads.search.results import search
from uploads.search.word_matches import OwnerWords, WordMatches
from uploads.search.words import is_indexed, text_query
from uploads.text import fold

ACCENTED = {
    "place": "Zürich, Switzerland",
    "caption": "Straße in Łódź",
    "keywords": ["crème brûlée"],
    "albums": ["Málaga"],
    "filename": unicodedata.normalize("NFD", "Tromsø Ålesund.jpg"),
}


def matches(owner: User, word: str, filters: str) -> WordMatches:
    searched = text_query(Term(word))
    assert searched is not None
    return OwnerWords(owner.id, parse_query(filters), many=False, most=False).find([searched])


def test_filters_apply_to_all_pictures_with_a_word(
    anna: User, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_matches, "MAX_WITH_ALL", 2)
    for _ in range(3):
        make_picture("a tram", place="Lisbon, Portugal", camera="Leica")
    make_picture("a tram", place="Lisbon, Portugal", camera="Pixel", archived=True)
    wanted = make_picture("a tram", place="Lisbon, Portugal", camera="Pixel")

    assert matches(anna, "lisbon", "camera:pixel") == WordMatches({wanted.id}, set(), more=False)
    assert matches(anna, "lisbon", "").more


def test_number_of_results_says_if_there_are_more(
    client: Client, anna: User, make_picture: MakePicture, encoder: QueryEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_picture("a kitten", caption="Mimi")
    client.force_login(anna)

    for name, query in (("MAX_WITH_ALL", "mimi"), ("MAX_CANDIDATES", "cat")):
        assert not search(anna.id, parse_query(query), [encoder], 1).more
        with monkeypatch.context() as patch:
            patch.setattr(word_matches if name == "MAX_WITH_ALL" else candidates, name, 2)
            assert search(anna.id, parse_query(query), [encoder], 1).more
            assert "More than" in compact(client.get("/search/", {"q": query}).content.decode())


def test_page_says_that_a_word_was_too_common_to_be_searched_for(
    client: Client, anna: User, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = datetime(2024, 1, 1, tzinfo=UTC)
    make_picture("an unpaid invoice", caption="Mimi", camera="Pixel", taken_at=taken)
    client.force_login(anna)
    monkeypatch.setattr(candidates, "MAX_CANDIDATES", 0)
    monkeypatch.setattr(OwnerWords, "_is_common", lambda *_: True)

    with_filter, with_date = (
        compact(client.get("/search/", {"q": f"mimi {one}"}).content.decode())
        for one in ("camera:pixel", "taken:1999..")
    )

    assert "too many pictures to be searched for with these filters" in with_filter
    assert "1 result" in with_date


def test_alternatives_find_what_each_finds_alone(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    pictures = [make_picture(shows) for shows in ("a cat", "a puppy", "a lion", "an unpaid invoice")]

    def found(text: str) -> set[int]:
        return {hit.upload.id for hit in search(anna.id, parse_query(text), [encoder], 1).hits}

    assert found("giraffe") == set()
    assert found("cat OR giraffe") == found("cat")
    assert found("cat OR dog OR bank invoice") == found("cat") | found("dog") | found("bank invoice")
    assert {pictures[0].id, pictures[1].id, pictures[3].id} <= found("cat OR dog OR bank invoice")


@pytest.mark.parametrize(
    "text",
    [
        *("zurich", "Zürich", "strasse", "lodz", "creme brulee", "tromso", "alesund", '"lodz"', "mouse OR zurich"),
        *("place:zur", "place:Zür", "album:malaga", "import:koln", "import:Köln"),
    ],
)
@pytest.mark.parametrize("with_encoder", [True, False])
def test_accents_are_ignored(
    text: str, with_encoder: bool, anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    wanted = make_picture("an unpaid invoice", **ACCENTED)
    add_to_import(anna, "Köln", wanted)
    make_picture("an unpaid invoice", description="A cat.")

    if ":" in text and not with_encoder:
        assert list(filter_pictures(anna.id, parse_query(text))) == [wanted]
        return
    query = parse_query(f"{text} invoice" if ":" in text else text)
    results = search(anna.id, query, [encoder] if with_encoder else [], 1)
    assert [hit.upload.id for hit in results.hits] == [wanted.id]
    assert ":" in text or results.hits[0].reason is not None


def test_unaccented_word_of_a_text_is_found_with_accents(anna: User, make_picture: MakePicture) -> None:
    wanted = make_picture("a cat", caption="Uber den Wolken")

    assert matches(anna, "Über", "").complete == {wanted.id}


class FoldTest(TestCase):
    """The Python function and the SQL function are equal."""

    @given(st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\0", max_codepoint=0xFFFF)))
    def test_database_folds_as_python(self, text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT uploads_fold(%s)", [text])
            assert cursor.fetchone() == (fold(text),)


def test_stop_words_are_those_of_the_database(db: None) -> None:
    words = [
        word for word in read_weights("wordpiece_vocab.txt").decode().split("\n") if word.isascii() and word.isalpha()
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM unnest(%s::text[]) word WHERE to_tsvector('english', word) = ''", [words])
        stop_words = {word for (word,) in cursor.fetchall()}

    assert len(stop_words) > 100
    assert stop_words == {word for word in words if not is_indexed(Term(word))}


@pytest.mark.parametrize(
    ("text", "query"), [("A dog between two cars.", "dog between cars"), ("Vue à Paris", "vue à paris")]
)
def test_picture_with_all_words_but_a_stop_word_is_a_hit(
    text: str, query: str, anna: User, make_picture: MakePicture
) -> None:
    wanted = make_picture("a street", description=text)

    assert [hit.upload.id for hit in search(anna.id, parse_query(query), [], 1).hits] == [wanted.id]
