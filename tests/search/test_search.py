"""Searches match visual content and words, and apply filters, among one owner's pictures."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from tests.search.conftest import MakePicture, add_to_import
from tests.support.users import make_user
from uploads.analysis.base import QueryEncoder, QueryVector
from uploads.errors import EnvironmentalError
from uploads.models import Embedding, MediaKind, Upload
from uploads.search import candidates
from uploads.search.encoders import owner_encoders, site_model
from uploads.search.filters import filter_pictures, filter_vectors
from uploads.search.language import parse_query
from uploads.search.query import Term
from uploads.search.results import Results, search
from uploads.search.word_matches import OwnerWords, WordMatches
from uploads.search.words import text_query


def found(owner: User, text: str, encoder: QueryEncoder | None) -> Results:
    return search(owner.id, parse_query(text), [encoder] if encoder else [], 1)


def ids(results: Results) -> list[int]:
    return [hit.upload.id for hit in results.hits]


def test_queries_are_not_sent_to_a_former_model_server(anna: User, make_picture: MakePicture) -> None:
    make_picture("a kitten")
    Embedding.objects.update(model="ollama:bge-m3")

    assert [encoder.model for encoder in owner_encoders(anna.id)] == [site_model()]


def test_pictures_are_found_by_what_they_show(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    kitten, _invoice = make_picture("a kitten"), make_picture("an unpaid invoice")

    results = found(anna, "cat", encoder)

    assert ids(results) == [kitten.id]
    assert results.hits[0].reason is None


@pytest.mark.parametrize("most", [False, True])
def test_word_search_reads_only_the_owners_pictures(anna: User, make_picture: MakePicture, most: bool) -> None:
    mine, others = (make_picture("a kitten", description="A red bike.") for _ in range(2))
    Upload.objects.filter(id=others.id).update(owner=make_user("ben"))
    word = text_query(Term("bike"))
    assert word is not None
    texts = OwnerWords(anna.id, parse_query(""), many=False, most=most)

    assert texts.find([word]) == WordMatches({mine.id}, set(), more=False)


class UnavailableEncoder:
    """An encoder whose server is unavailable."""

    model = "away"
    hit_fit = 0.5

    def embed_query(self, text: str) -> QueryVector:
        raise EnvironmentalError("model.busy", server="gpu.local")


def test_words_are_searched_while_the_model_is_unavailable(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    make_picture("a kitten")
    named = make_picture("an unpaid invoice", description="A cat.")

    only_words = found(anna, "cat", UnavailableEncoder())
    by_other_model = search(anna.id, parse_query("kitten"), [UnavailableEncoder(), encoder], 1)

    assert ids(only_words) == [named.id]
    assert len(by_other_model.hits) == 1
    assert only_words.incomplete
    assert by_other_model.incomplete
    assert not found(anna, "cat", encoder).incomplete


def test_search_without_a_hit_returns_at_most_six_closest_pictures(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    for _ in range(8):
        make_picture("a lion")
    make_picture("an unpaid invoice")

    results = found(anna, "giraffe", encoder)

    assert results.hits == []
    assert len(results.closest) == 6


@pytest.mark.parametrize(
    "text", ["cats", "tabby", '"tabby cat"', "IMG_0001", "pixel 8", "tabby OR zebra", "lisbon", "holiday", "portugal"]
)
def test_words_of_a_picture_are_found(text: str, anna: User, make_picture: MakePicture) -> None:
    facts = {
        "description": "A cat on a bed.",
        "labels": [{"name": "tabby cat", "score": 0.9}],
        "camera": "Pixel 8",
        "caption": "Mimi in Lisbon",
        "keywords": ["holidays"],
        "place": "Porto, Portugal",
    }
    upload = make_picture("a cat", **facts)
    make_picture("a cat", description="A dog.")

    results = found(anna, text, None)

    assert ids(results) == [upload.id]
    assert results.hits[0].reason is not None


def test_quoted_words_are_required(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    upload = make_picture("a bridge", description="The Golden Gate.")
    make_picture("golden gate", description="A gate, golden.")

    assert ids(found(anna, '"golden gate"', encoder)) == [upload.id]


def test_excluded_words_are_left_out(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    empty = make_picture("a beach", description="A beach.")
    make_picture("a beach", description="A beach with people.")

    assert ids(found(anna, "beach -people", encoder)) == [empty.id]


def test_picture_without_a_vector_is_found_by_its_words(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    upload = make_picture("a cat", description="A glacier.")
    upload.embeddings.all().delete()

    assert ids(found(anna, "glacier", encoder)) == [upload.id]


@pytest.mark.parametrize("shown", ["one person", "a crowd of about 20 people", "Two men."])
def test_excluded_people_include_persons(
    shown: str, anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    empty = make_picture("a beach", description="A beach.")
    make_picture("a beach", description=shown)

    assert ids(found(anna, "beach -people -man", encoder)) == [empty.id]


def test_excluded_kind_includes_its_labels(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    cat = make_picture("a pet", description="A tabby cat.")
    make_picture("a pet", labels=[{"name": "golden retriever", "score": 0.9}])

    assert ids(found(anna, "pet -dogs", encoder)) == [cat.id]
    assert len(ids(found(anna, 'pet -"dog"', encoder))) == 2


def test_archived_pictures_are_found_only_with_a_filter(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    shown = make_picture("a cat", description="A cat.")
    archived = make_picture("a cat", description="A cat.", archived=True)

    for one in (encoder, None):
        assert ids(found(anna, "cat", one)) == [shown.id]
        assert ids(found(anna, "cat archived:yes", one)) == [archived.id]


def test_change_of_a_picture_reaches_its_vector(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    upload = make_picture("a cat")
    Upload.objects.filter(id=upload.id).update(taken_at=datetime(2024, 7, 1, tzinfo=UTC), camera="Pixel 8")

    assert ids(found(anna, "cat taken:2024-07 camera:pixel", encoder)) == [upload.id]
    assert ids(found(anna, "cat taken:2023", encoder)) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("taken:2024", ["lisbon", "video"]),
        ("taken:2024-06-30", ["lisbon"]),
        ("taken:2024-07..", ["video"]),
        ("-taken:2024", ["plain"]),
        ("has:place", ["lisbon"]),
        ("-has:date", ["plain"]),
        ("-has:camera", ["video", "plain"]),
        ('camera:"pixel 8"', ["lisbon"]),
        ("type:video", ["video"]),
        ("place:lisbon", ["lisbon"]),
        ("place:port", ["lisbon"]),
        ("place:isbon", []),
        ('album:"my nor"', ["plain"]),
        ("is:favourite", ["plain"]),
        ("orientation:portrait", ["video"]),
        ("size:>1MB", ["video"]),
        ("-size:>1MB has:date", ["lisbon"]),
        ("import:iceland", ["lisbon", "plain"]),
        ("-import:iceland", ["video"]),
        ("import:iceland -has:date", ["plain"]),
        ("import:garden", []),
        ("-type:video has:date", ["lisbon"]),
        ("-archived:no", []),
    ],
)
def test_filter_selects_the_matching_pictures(
    text: str, names: list[str], anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    # 00:30 on 1 July in UTC is 30 June in a time zone one hour behind.
    pictures = {
        "lisbon": make_picture(
            "a cat",
            taken_at=datetime(2024, 7, 1, 0, 30, tzinfo=UTC),
            utc_offset=-60,
            latitude=38.7,
            longitude=-9.1,
            place="Lisbon, Portugal",
            camera="Google Pixel 8",
        ),
        "video": make_picture(
            "a cat", kind=MediaKind.VIDEO, taken_at=datetime(2024, 8, 1, tzinfo=UTC), width=1, height=2, size=2**21
        ),
        "plain": make_picture("a cat", albums=["My Norway"], favourite=True),
    }

    add_to_import(anna, "Garden")
    add_to_import(anna, "Iceland 2024", pictures["lisbon"], pictures["plain"])
    add_to_import(make_user("ben"), "Garden", pictures["video"])
    wanted = {pictures[name].id for name in names}

    assert set(filter_pictures(anna.id, parse_query(text)).values_list("id", flat=True)) == wanted
    vectors = filter_vectors(anna.id, parse_query(text), encoder.model)
    assert set(vectors.values_list("upload_id", flat=True)) == wanted


def test_import_is_found_by_its_number(anna: User, make_picture: MakePicture) -> None:
    first, second = make_picture("a cat"), make_picture("a cat")
    batch = add_to_import(anna, "Iceland", first)
    add_to_import(anna, f"Day {batch.id}", second)
    other = add_to_import(make_user("ben"), "Iceland", second)

    for text, found in (
        (f"import:#{batch.id}", {first.id}),
        (f"import:{batch.id}", {second.id}),
        (f"import:#{other.id}", set()),
    ):
        assert set(filter_pictures(anna.id, parse_query(text)).values_list("id", flat=True)) == found


def test_filter_finds_pictures_beyond_the_closest(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    far = make_picture("a feline", camera="Pixel 8")
    for _ in range(3):
        make_picture("a cat", camera="Leica")

    assert ids(found(anna, "cat camera:pixel", encoder)) == [far.id]


def test_pictures_of_other_users_are_never_found(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    make_picture("a cat", owner=make_user("ben"), description="A cat.", camera="Pixel 8")

    for text in ("cat", '"cat"', "cat OR dog", "giraffe", "cat camera:pixel", "cat -dog"):
        results = found(anna, text, encoder)
        assert (results.hits, results.closest, results.total) == ([], [], 0)


@pytest.mark.parametrize("most", [2, 4])
def test_words_of_more_pictures_are_checked_if_the_nearest_are_excluded(
    most: int, anna: User, make_picture: MakePicture, encoder: QueryEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "LIKELY_ENOUGH", 1)
    monkeypatch.setattr(candidates, "MAX_UNCHECKED", most)
    wanted = make_picture("a small cat")
    for _ in range(3):
        make_picture("cat", description="A sofa.")

    assert ids(found(anna, "cat -sofa", encoder)) == [wanted.id]


def test_search_for_a_word_runs_few_statements(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make_picture("a cat", description="A cat.")

    with django_assert_max_num_queries(7):
        assert len(found(anna, "cat", encoder).hits) == 3


def test_part_of_a_picture_is_not_found(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    photo = make_picture("a cat", description="A cat.")
    make_picture("a cat", description="A cat.", part_of=photo, part_role="live")

    results = found(anna, "cat", encoder)

    assert ids(results) == [photo.id]
    assert results.total == 1


class OtherEncoder:
    """An encoder of another model, which returns the same vector for every text."""

    model = "other"
    hit_fit = 0.44

    def embed_query(self, text: str) -> QueryVector:
        return QueryVector(self.model, (1.0, 0.0, 0.0))


def test_two_models_are_searched_during_a_change(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> None:
    both, old, new = make_picture("a cat"), make_picture("a kitten"), make_picture("an unpaid invoice")
    for upload in (both, new):
        Embedding.objects.create(upload=upload, owner=anna, model="other", vector=[1.0, 0.0, 0.0])

    results = search(anna.id, parse_query("cat"), [OtherEncoder(), encoder], 1)

    assert ids(results)[0] == both.id
    assert set(ids(results)) == {both.id, old.id, new.id}


@pytest.mark.parametrize(
    "filter", ["place:lisbon", "is:favourite", "album:norway", "orientation:portrait", "import:iceland"]
)
def test_filters_apply_to_pictures_found_by_their_vectors(
    filter: str, anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    facts = {"place": "Lisbon, Portugal", "favourite": True, "albums": ["Norway"], "width": 1, "height": 2}
    wanted = make_picture("a kitten", **facts)
    add_to_import(anna, "Iceland", wanted)
    make_picture("a cat", width=2, height=1)

    assert ids(found(anna, f"cat {filter}", encoder)) == [wanted.id]
