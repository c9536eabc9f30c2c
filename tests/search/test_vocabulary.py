"""Suggestions and corrections use the words of the owner's own pictures."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from tests.search.conftest import MakePicture, add_to_import
from tests.support.users import make_user
from uploads.models import Appearance, Upload
from uploads.search import spelling
from uploads.search.filters import filter_pictures
from uploads.search.interpretation import interpret
from uploads.search.language import parse_query
from uploads.search.suggestions import suggest
from uploads.search.vocabulary import add_terms
from uploads.similar.due import index_due_pictures

FACTS = {
    "labels": [{"name": "tabby cat", "score": 0.9}],
    "keywords": ["holiday"],
    "place": "Lisbon, Portugal",
    "camera": "Pixel 8",
}


@pytest.fixture
def indexed(anna: User, make_picture: MakePicture) -> Upload:
    """A picture of Anna's. Ben has one, too, and both are indexed."""
    upload = make_picture("a cat", **FACTS)
    other = make_picture("a dog", owner=make_user("ben"), labels=[{"name": "tabard dog", "score": 1}], camera="Pixie")
    for one in (upload, other):
        Appearance.objects.create(upload=one, owner_id=one.owner_id, code=b"", due_at=timezone.now())
    assert index_due_pictures() == 2
    return upload


@pytest.mark.parametrize(
    ("typed", "queries"),
    [
        ("tab", ["tabby cat"]),
        ("cat", ["tabby cat"]),
        ("red LIS", ['red place:"Lisbon, Portugal"']),
        ("pix", ['camera:"Pixel 8"']),
        ("holi", ["holiday"]),
        ("abby", []),
        ("camera:pix", []),
        ("dog -tab", []),
        ('"red tab', []),
        ("tab ", []),
    ],
)
def test_suggestions_complete_the_last_word(typed: str, queries: list[str], anna: User, indexed: Upload) -> None:
    assert [one.query for one in suggest(anna.id, typed)] == queries


def test_suggestions_ignore_accents(anna: User, make_picture: MakePicture) -> None:
    upload = make_picture("a lake", place="Zürich, Switzerland", keywords=["crème brûlée"])
    add_terms([upload.id])
    add_to_import(anna, "Köln im März", upload)

    for typed, query in (
        ("zur", 'place:"Zürich, Switzerland"'),
        ("ZÜR", 'place:"Zürich, Switzerland"'),
        ("creme bru", "crème brûlée"),
        ("kol", 'import:"Köln im März"'),
    ):
        assert [one.query for one in suggest(anna.id, typed)] == [query]


def test_names_of_own_imports_with_pictures_are_suggested(
    anna: User, indexed: Upload, make_picture: MakePicture
) -> None:
    ben = User.objects.get(username="ben")
    add_to_import(anna, "Tour of Iceland", indexed)
    add_to_import(anna, "Taxi", indexed)
    add_to_import(anna, "Tahiti", make_picture("a dog", trashed_at=timezone.now()))
    add_to_import(ben, "Tallinn", Upload.objects.get(owner=ben))

    assert [one.query for one in suggest(anna.id, "red ice")] == ['red import:"Tour of Iceland"']
    assert [one.query for one in suggest(anna.id, "ta")] == ["import:Taxi", "tabby cat"]


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("tabby c", "tabby cat"),
        ("my Tabby c", "my tabby cat"),
        ("cat c", "cat tabby cat"),
        ("tabby my c", "tabby my tabby cat"),
        ("LISBON por", 'place:"Lisbon, Portugal"'),
        ("Tour of Ice", 'import:"Tour of Iceland"'),
        ("great tour  of ice", 'great import:"Tour of Iceland"'),
        ("big of ice", 'big import:"Tour of Iceland"'),
        ("-tabby c", "-tabby tabby cat"),
        ('"tabby" c', '"tabby" tabby cat'),
        ('"my tabby" c', '"my tabby" tabby cat'),
        ('camera:"my tabby" c', 'camera:"my tabby" tabby cat'),
        ("camera:tabby c", "camera:tabby tabby cat"),
        ("dog OR tabby c", "dog OR tabby cat"),
    ],
)
def test_suggestions_do_not_repeat_words_already_typed(typed: str, query: str, anna: User, indexed: Upload) -> None:
    add_to_import(anna, "Tour of Iceland", indexed)

    assert [one.query for one in suggest(anna.id, typed)] == [query]


def test_operator_is_not_a_repeated_word(anna: User, indexed: Upload) -> None:
    Upload.objects.filter(id=indexed.id).update(keywords=["trick OR treat"])
    add_terms([indexed.id])

    assert [one.query for one in suggest(anna.id, "trick OR tre")] == ['trick OR "trick OR treat"']


@pytest.mark.parametrize("name", ['Tour "of" Iceland', "Tour of Iceland: 2024", "{number}", "#{number}"])
def test_suggested_name_of_an_import_finds_only_this_import(
    name: str, anna: User, indexed: Upload, make_picture: MakePicture
) -> None:
    numbered = add_to_import(anna, "Tour", make_picture("a dog"))
    name = name.format(number=numbered.id)
    add_to_import(anna, f"{name} and more", make_picture("a dog"))
    add_to_import(anna, name, indexed)

    [suggestion] = [one for one in suggest(anna.id, name.split()[-1]) if one.text == name]

    assert list(filter_pictures(anna.id, parse_query(suggestion.query))) == [indexed]


def test_suggestions_are_valid_queries(anna: User, indexed: Upload) -> None:
    add_to_import(anna, "Tour " + "x" * 195, indexed)
    Upload.objects.filter(id=indexed.id).update(keywords=["tour: Rome"])
    add_terms([indexed.id])

    assert [one.query for one in suggest(anna.id, "tour")] == ['"tour: Rome"']


def test_terms_of_deleted_pictures_are_not_suggested(anna: User, indexed: Upload) -> None:
    Upload.objects.filter(id=indexed.id).delete()

    assert suggest(anna.id, "tab") == []


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("taby", "tabby"),
        ("lisbn -dog", "lisbon -dog"),
        ("portugla", "portugal"),
        ("horse", "horse"),
        ("pixie", "pixie"),
        ("tabrd", "tabrd"),  # one letter short of a word in one of Ben's labels
        ('"taby"', '"taby"'),
        ("xyzzyx", "xyzzyx"),
    ],
)
def test_mistyped_words_are_corrected(typed: str, searched: str, anna: User, indexed: Upload) -> None:
    found = interpret(anna.id, typed)

    assert str(found.searched) == searched
    assert found.is_corrected == (typed != searched)


@pytest.mark.parametrize("archived", [False, True])
def test_word_of_a_picture_is_not_corrected(anna: User, indexed: Upload, archived: bool) -> None:
    Upload.objects.filter(id=indexed.id).update(caption="Taby, our cat", archived=archived)

    assert not interpret(anna.id, "taby").is_corrected


def test_correction_has_the_accents_of_the_picture(anna: User, make_picture: MakePicture) -> None:
    add_terms([make_picture("a cake", keywords=["Crème brûlée"]).id])

    assert str(interpret(anna.id, "brulze").searched) == "brûlée"


def test_exact_search_corrects_nothing(anna: User, indexed: Upload) -> None:
    assert not interpret(anna.id, "taby", exact=True).is_corrected


def test_german_words_are_translated_and_corrected(anna: User, indexed: Upload) -> None:
    with translation.override("de"):
        katze, typo = interpret(anna.id, "Katze"), interpret(anna.id, "Kaetze")

    assert [term.wording for term in katze.searched.alternatives[0]] == ["cat"]
    assert not katze.is_corrected
    assert [term.wording for term in typo.searched.alternatives[0]] == ["cat"]
    assert str(typo.searched) == "katze"


def test_only_some_words_of_a_long_query_are_looked_up(
    anna: User, indexed: Upload, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    unknown = " ".join(f"qwx{chr(97 + number)}z" for number in range(26))

    with django_assert_max_num_queries(spelling.MAX_CHECKED + 4):
        assert str(interpret(anna.id, f"taby {unknown}").searched) == f"tabby {unknown}"
