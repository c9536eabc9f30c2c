"""The text in a picture is part of its vector, so that searches find it by its meaning."""

import math
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from uploads.analysis.base import QueryEncoder
from uploads.analysis.text_vector import add_text, embed_text
from uploads.models import Embedding, Upload
from uploads.search.language import parse_query
from uploads.search.results import search
from uploads.upload_sql import save_text

RECIPE = "Pancakes\n200 g flour\n2 eggs\n300 ml milk\nWhisk everything and fry in a hot pan"
MakePicture = Callable[..., Upload]


@pytest.fixture(autouse=True)
def local_embedder(settings: Settings) -> None:
    settings.EMBEDDER = "local"


def vector_of(upload: Upload) -> tuple[float, ...]:
    return tuple(Embedding.objects.get(upload=upload).vector)


def found(owner: User, text: str, encoder: QueryEncoder) -> list[int]:
    return [hit.upload.id for hit in search(owner.id, parse_query(text), [encoder], 1).hits]


def save_found_text(upload: Upload) -> None:
    save_text(upload.id, "model", RECIPE, embed_text(RECIPE))


def test_picture_is_found_by_the_meaning_of_its_text(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    page = make_picture("a document, a page of text")
    before = found(anna, "cooking instructions", encoder)

    save_found_text(page)

    assert (before, found(anna, "cooking instructions", encoder)) == ([], [page.id])
    assert math.hypot(*vector_of(page)) == pytest.approx(1, abs=1e-3)


def test_text_is_added_to_the_vector_only_once(make_picture: MakePicture) -> None:
    page = make_picture("a document, a page of text")
    save_found_text(page)
    once = vector_of(page)

    save_found_text(page)

    assert vector_of(page) == once


def test_vector_contains_the_text_whether_it_was_found_before_or_after(make_picture: MakePicture) -> None:
    page = make_picture("a cat")
    before = vector_of(page)
    save_found_text(page)

    model = Embedding.objects.get(upload=page).model
    assert add_text(before, model, RECIPE) == pytest.approx(vector_of(page), abs=1e-3)
    assert before != pytest.approx(vector_of(page), abs=1e-2)


def test_text_without_words_and_other_models_change_no_vector() -> None:
    assert add_text((1.0, 0.0), "another model", RECIPE) == (1.0, 0.0)
    assert embed_text("1234 / 56") is None


def test_vectors_of_a_provider_without_text_embedder_are_not_changed(
    make_picture: MakePicture, settings: Settings
) -> None:
    settings.EMBEDDER = "clip"
    page = make_picture("a document, a page of text")
    before = vector_of(page)

    save_found_text(page)

    assert vector_of(page) == before
