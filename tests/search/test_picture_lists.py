"""The previous and next pictures in the results of a search and among similar pictures."""

from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.search.conftest import MakePicture
from tests.support.html import compact
from tests.support.users import make_user
from uploads.picture_lists import Neighbours, in_search, in_similar


def test_neighbours_in_a_search_have_the_order_of_its_results(make_picture: MakePicture) -> None:
    old = make_picture("cat", description="A cat.", taken_at=datetime(2020, 1, 1, tzinfo=UTC))
    new = make_picture("cat", taken_at=datetime(2024, 1, 1, tzinfo=UTC))
    make_picture("an invoice")
    make_picture("cat", owner=make_user("ben"), description="A cat.")

    assert in_search("cat", old, by_date=False) == Neighbours([], [new], 1, 2)
    assert in_search("cat", old, by_date=True) == Neighbours([new], [], 2, 2)


def test_neighbours_among_filtered_pictures_have_the_order_of_their_pages(make_picture: MakePicture) -> None:
    times = (datetime(2024, 1, 1, tzinfo=UTC), None, datetime(2020, 1, 1, tzinfo=UTC))
    one, two, three = (make_picture("a cat", camera="Pixel 8", taken_at=time) for time in times)
    make_picture("a cat")

    assert in_search("camera:pixel", two, by_date=False) == Neighbours([three], [one])
    assert in_search("camera:pixel", three, by_date=True) == Neighbours([one], [two])
    assert in_search("camera:pixel", two, by_date=True) == Neighbours([one, three], [])


def test_neighbours_in_a_german_search_are_those_of_the_translated_query(make_picture: MakePicture) -> None:
    first, second = make_picture("a cat", description="A cat."), make_picture("a cat")
    make_picture("a cat", description="A cat with people.")

    with translation.override("de"):
        assert in_search("Katze -Menschen", first, by_date=False) == Neighbours([], [second], 1, 2)


def test_search_that_no_longer_finds_the_picture_has_no_neighbours(make_picture: MakePicture) -> None:
    cat = make_picture("a cat")

    for query in ("an invoice of a bank", "colour:red", ""):
        assert in_search(query, cat, by_date=False) == Neighbours()


def test_neighbours_among_similar_pictures_begin_with_the_picture_itself(make_picture: MakePicture) -> None:
    cat, kitten, invoice = (make_picture(shows) for shows in ("a cat", "a kitten", "an invoice"))
    make_picture("a kitten", owner=make_user("ben"))

    assert in_similar(cat, kitten) == Neighbours([cat], [invoice], 2, 3)


def test_hits_link_to_their_place_in_the_search(client: Client, anna: User, make_picture: MakePicture) -> None:
    cat = make_picture("a cat", description="A cat.")
    client.force_login(anna)

    results = client.get(reverse("search"), {"q": "cat", "sort": "date"}).content.decode()

    address = f"{reverse('upload-detail', args=[cat.id])}?in=search%3Acat&amp;sort=date"
    assert f'href="{address}"' in results
    page = compact(client.get(address.replace("&amp;", "&")).content.decode())
    assert "1 of 1" in page
    assert 'id="back" href="/search/?q=cat&amp;sort=date"' in page
