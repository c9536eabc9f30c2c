"""No search finds a picture that is in the trash; every search finds it again after it is restored."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from tests.search.conftest import MakePicture
from uploads.analysis.base import QueryEncoder
from uploads.models import NearDuplicate, SearchTerm, Upload
from uploads.search.filters import filter_pictures, filter_vectors
from uploads.search.language import parse_query
from uploads.search.offers import find_offers
from uploads.search.results import search
from uploads.search.suggestions import suggest
from uploads.similar.groups import open_pairs
from uploads.similar.neighbours import similar_pictures
from uploads.trash import move_to_trash, restore

Find = Callable[[], bool]


@pytest.fixture
def routes(anna: User, make_picture: MakePicture, encoder: QueryEncoder) -> dict[str, Find]:
    """Functions that return whether a picture of a cat in Oslo is found, one for each kind of search."""
    cat = make_picture("a cat", place="Oslo, Norway", description="Our cat Minka")
    other = make_picture("a kitten")
    SearchTerm.objects.create(owner=anna, kind=SearchTerm.Kind.PLACE, text="Oslo, Norway")
    NearDuplicate.objects.create(owner=anna, first=cat, second=other)

    def hits(text: str, *encoders: QueryEncoder) -> bool:
        found = search(anna.id, parse_query(text), encoders, 1)
        return cat in [hit.upload for hit in [*found.hits, *found.closest]]

    return {
        "look": lambda: hits("a cat", encoder),
        "words": lambda: hits("Minka"),
        "vectors": lambda: filter_vectors(anna.id, parse_query(""), encoder.model).filter(upload=cat).exists(),
        "filter": lambda: filter_pictures(anna.id, parse_query("place:Oslo")).exists(),
        "suggestion": lambda: bool(suggest(anna.id, "Osl")),
        "offer": lambda: "Oslo, Norway" in find_offers(anna.id).places,
        "similar": lambda: cat in similar_pictures(other),
        "near duplicate": lambda: open_pairs(anna.id).exists(),
    }


def test_no_route_finds_a_picture_in_the_trash(routes: dict[str, Find]) -> None:
    ids = list(Upload.objects.filter(place="Oslo, Norway").values_list("id", flat=True))
    assert [name for name, found in routes.items() if not found()] == []

    with transaction.atomic():
        move_to_trash(ids, timezone.now())
    assert [name for name, found in routes.items() if found()] == []

    with transaction.atomic():
        restore(ids)
    assert [name for name, found in routes.items() if not found()] == []
