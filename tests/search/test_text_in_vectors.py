"""The text in a picture is part of its vector, so that searches find it by its meaning."""

import math
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django import Settings

from tests.support.images import SAMPLES
from uploads.analysis.analyzer import get_analyzer
from uploads.analysis.base import QueryEncoder
from uploads.models import Embedding, Upload
from uploads.picture_facts import lock_pictures
from uploads.pipeline import process_file
from uploads.search.language import parse_query
from uploads.search.results import search
from uploads.upload_sql import save_result, save_text

RECIPE = "Pancakes\n200 g flour\n2 eggs\n300 ml milk\nWhisk everything and fry in a hot pan"
MakePicture = Callable[..., Upload]


@pytest.fixture(autouse=True)
def local_embedder(settings: Settings) -> None:
    settings.EMBEDDER = "local"


def vector_of(upload: Upload) -> tuple[float, ...]:
    return tuple(Embedding.objects.get(upload=upload).vector)


def found(owner: User, text: str, encoder: QueryEncoder) -> list[int]:
    return [hit.upload.id for hit in search(owner.id, parse_query(text), [encoder], 1).hits]


def test_picture_is_found_by_the_meaning_of_its_text(
    anna: User, make_picture: MakePicture, encoder: QueryEncoder
) -> None:
    page = make_picture("a document, a page of text")
    before = found(anna, "cooking instructions", encoder)

    save_text(page.id, "model", RECIPE)

    assert (before, found(anna, "cooking instructions", encoder)) == ([], [page.id])
    assert math.hypot(*vector_of(page)) == pytest.approx(1, abs=1e-3)


def test_text_is_added_to_the_vector_only_once(make_picture: MakePicture) -> None:
    page = make_picture("a document, a page of text")
    save_text(page.id, "model", RECIPE)
    once = vector_of(page)

    save_text(page.id, "model", RECIPE)

    assert vector_of(page) == once


def test_new_vector_of_a_picture_contains_its_text(make_picture: MakePicture) -> None:
    photo = make_picture("a cat")
    save_text(photo.id, "model", RECIPE)
    result = process_file(SAMPLES / "coffee.jpg", get_analyzer("local"), lambda stage: None)

    for _ in range(2):
        with transaction.atomic():
            save_result(lock_pictures([photo.id])[photo.id], result, {}, {})

    assert result.vector is not None
    assert 0.4 < sum(a * b for a, b in zip(vector_of(photo), result.vector, strict=True)) < 0.9


def test_vectors_of_a_provider_without_text_embedder_are_not_changed(
    make_picture: MakePicture, settings: Settings
) -> None:
    settings.EMBEDDER = "clip"
    page = make_picture("a document, a page of text")
    before = vector_of(page)

    save_text(page.id, "model", RECIPE)

    assert vector_of(page) == before
