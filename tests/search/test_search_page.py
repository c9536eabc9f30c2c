"""The search page and saved searches, without JavaScript."""

import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from tests.search.conftest import MakePicture
from tests.support.html import compact
from tests.support.users import make_user
from uploads.models import Embedding, MediaKind, SavedSearch, SearchTerm
from uploads.search import transaction
from uploads.views import search as views

URL = "/search/"
MANY_COPIES = """
INSERT INTO uploads_upload (owner_id, key, sha256, filename, size, mime_type, kind, camera, metadata, previews, labels,
                            description, taken_source, processed_at, created_at, updated_at)
SELECT owner_id, gen_random_uuid(), 'copy ' || n, '', 1, mime_type, kind, '', '{}', '{}', '[]', '', '', now(), now(),
       now()
  FROM uploads_upload, generate_series(1, 10000) n WHERE id = %(id)s
"""


@pytest.fixture
def page(client: Client, anna: User) -> Client:
    """A client signed in as Anna."""
    client.force_login(anna)
    return client


def text(client: Client, **query: str) -> str:
    response = client.get(reverse("search"), query)
    assert response.status_code == 200
    return compact(unescape(response.content.decode()))


def test_every_page_has_the_search_box(page: Client) -> None:
    html = text_of(page, reverse("upload-list"))

    assert f'role="search" method="get" action="{URL}"' in html
    assert 'name="q"' in html


def text_of(page: Client, path: str) -> str:
    return compact(unescape(page.get(path).content.decode()))


def test_results_while_typing_come_without_the_rest_of_the_page(page: Client, make_picture: MakePicture) -> None:
    make_picture("a cat", description="A cat.")

    response = page.get(URL, {"q": "cat"}, headers={"HX-Request": "true"})

    html = response.content.decode()
    assert "<title>cat · Search · vuemantics</title>" in html
    assert "1 result" in html
    assert 'role="search"' not in html
    assert "HX-Request" in response.headers["Vary"]


def test_hit_shows_the_words_that_matched(page: Client, make_picture: MakePicture) -> None:
    make_picture("a cat", description="Two cats on a bed.")

    html = text(page, q="cat")

    assert "1 result" in html
    assert "Two <mark>cats</mark> on a bed." in html


def test_hit_without_the_words_looks_like_the_query(page: Client, make_picture: MakePicture) -> None:
    make_picture("a kitten")

    assert "Looks like “cat”" in text(page, q="cat")


def test_search_without_a_hit_shows_the_closest_pictures(page: Client, make_picture: MakePicture) -> None:
    make_picture("a lion")

    html = text(page, q="giraffe")

    assert "Nothing matches “giraffe”. Closest pictures:" in html
    assert "Looks like" not in html
    assert "result" not in re.sub('id="results"|"#results"|Results for giraffe', "", html)


def test_chip_leads_to_the_query_without_its_filter(page: Client, make_picture: MakePicture) -> None:
    make_picture("a cat", camera="Pixel 8")

    html = text(page, q='cat camera:"Pixel 8" -dog')

    assert 'href="/search/?q=cat%20-dog"' in html
    assert 'href="/search/?q=cat%20camera%3A%22Pixel%208%22"' in html


def test_filters_without_words_list_the_pictures_added_last_first(page: Client, make_picture: MakePicture) -> None:
    old, new = make_picture("a cat", camera="Pixel 8"), make_picture("a dog", camera="Pixel 8")

    html = text(page, q="has:camera")

    assert html.index(reverse("upload-detail", args=[new.id])) < html.index(reverse("upload-detail", args=[old.id]))
    assert 'href="/search/?q=has%3Acamera" aria-current="true">Recently added</a>' in html
    assert 'href="/search/?q=has%3Acamera&sort=date">Newest</a>' in html


def test_pictures_that_match_filters_are_paged_by_date(
    page: Client, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PICTURES_PER_PAGE", 1)
    second, first, third = (make_picture("a cat", taken_at=datetime(2024, 1, day, tzinfo=UTC)) for day in (2, 3, 1))
    undated = [make_picture("a cat").id for _ in range(2)]

    ids, query = [], {"q": "type:photo", "sort": "date"}
    while query:
        html = text(page, **query)
        ids += [int(id) for id in re.findall(r'<a class="shot" href="/library/(\d+)/', html)]
        found = re.search(r'id="next-page" href="\?([^"]*)"', html)
        query = dict(parse_qsl(found[1])) if found else {}

    assert ids == [first.id, second.id, third.id, *reversed(undated)]


def test_links_keep_the_order_and_that_no_word_is_corrected(page: Client, make_picture: MakePicture) -> None:
    for camera in ("Pixel 8", "Leica"):
        make_picture("a cat", camera=camera, place="Rome, Italy", description="A cat.")

    html = text(page, q="cat -dog", sort="date", exact="1")

    assert 'href="/search/?q=cat%20-dog&exact=1">Best matches</a>' in html
    assert 'href="/search/?q=cat%20-dog&sort=date&exact=1" aria-current="true">Newest</a>' in html
    assert 'href="/search/?q=cat&sort=date&exact=1" aria-current="true">-dog' in html
    assert 'href="/search/?q=cat%20-dog%20camera%3ALeica&sort=date&exact=1">Leica</a>' in html
    assert "?in=search%3Acat+-dog&sort=date&exact=1" in html


def test_invalid_filter_says_what_to_do(page: Client) -> None:
    assert "There is no filter “colour:”. Available filters: taken:, place:, camera:" in text(page, q="colour:red")


def test_empty_search_offers_examples_from_the_users_library(page: Client, make_picture: MakePicture) -> None:
    make_picture("a cat", labels=[{"name": "tabby cat", "score": 0.9}], camera="Pixel 8")
    make_picture("a dog", owner=make_user("ben"), labels=[{"name": "secret dog", "score": 0.9}], camera="Leica")

    html = text(page)

    assert 'href="/search/?q=tabby%20cat">tabby cat</a>' in html
    assert 'camera:"Pixel 8"</a>' in html
    assert "secret dog" not in html
    assert "Leica" not in html


def test_hits_are_paged(page: Client, make_picture: MakePicture) -> None:
    for _ in range(61):
        make_picture("a cat")

    first, second, beyond = (text(page, q="cat", page=number) for number in ("1", "2", "99999"))

    assert "61 results" in first
    assert 'href="?q=cat&page=2"' in first
    assert second.count('<a class="shot" href="/library/') == 1
    assert 'href="?q=cat&page=1"' in second
    assert "page=3" not in second
    assert beyond.count('<a class="shot" href="/library/') == 1


def test_text_cannot_become_markup(page: Client, make_picture: MakePicture) -> None:
    make_picture("a cat", description="<script>cat</script>")
    response = page.get(reverse("search"), {"q": 'cat "><script>'})

    assert b"<script>cat" not in response.content
    assert b'"><script>' not in response.content.replace(b'"></script>', b"")


def test_custom_analyzer_is_searched_by_words(page: Client, make_picture: MakePicture, settings: Settings) -> None:
    settings.EMBEDDER = "tests.support.analyzers:Chosen"
    make_picture("a kitten", description="A cat.")
    make_picture("a cat")
    Embedding.objects.update(model="unknown")

    assert "1 result" in text(page, q="cat")


def test_number_of_queries_does_not_depend_on_the_number_of_hits(page: Client, make_picture: MakePicture) -> None:
    facts = {"previews": {"320": "previews/a-320.jpg"}, "kind": MediaKind.VIDEO, "camera": "Pixel 8"}
    counts = []
    for text in ("cat", "has:camera"):
        for _ in range(2):
            make_picture("a cat", **facts)
            with CaptureQueriesContext(connection) as queries:
                page.get(reverse("search"), {"q": text})
            counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[2] == counts[3]


def test_correction_is_shown_with_a_link_to_the_original_query(
    page: Client, anna: User, make_picture: MakePicture
) -> None:
    make_picture("a cat", place="Lisbon, Portugal", description="A cat.")
    SearchTerm.objects.create(owner=anna, kind=SearchTerm.Kind.PLACE, text="Lisbon, Portugal")

    html = text(page, q="cat lisbn")

    assert "Showing results for “cat lisbon” instead of “cat lisbn”." in html
    assert 'href="/search/?q=cat%20lisbn&exact=1"' in html
    assert "1 result" in html
    assert "Showing results for" not in text(page, q="cat lisbn", exact="1")


def test_german_page_finds_pictures_by_german_words(page: Client, make_picture: MakePicture) -> None:
    make_picture("a cat", description="A tabby cat.")
    page.cookies["django_language"] = "de"

    assert "A tabby <mark>cat</mark>." in text(page, q="Katze")


def test_hits_can_be_ordered_by_date(page: Client, make_picture: MakePicture) -> None:
    old = make_picture("cat", description="A cat.", taken_at=datetime(2020, 1, 1, tzinfo=UTC))
    new = make_picture("cat", taken_at=datetime(2024, 1, 1, tzinfo=UTC))
    links = [reverse("upload-detail", args=[upload.id]) for upload in (old, new)]

    best, latest = (text(page, q="cat", sort=sort) for sort in ("", "date"))

    assert best.index(links[0]) < best.index(links[1])
    assert latest.index(links[1]) < latest.index(links[0])


def test_filters_from_the_users_library_are_offered(page: Client, make_picture: MakePicture) -> None:
    make_picture("a cat", camera="Pixel 8", place="Lisbon, Portugal")
    make_picture("a cat", camera="Leica")
    make_picture("a cat", owner=make_user("ben"), place="Rome, Italy")

    html = text(page, q="cat camera:Leica")

    assert 'href="/search/?q=cat%20camera%3ALeica%20place%3A%22Lisbon%2C%20Portugal%22"' in html
    assert "Pixel 8" not in html
    assert "Rome" not in html


def test_search_is_saved_once_and_deleted(page: Client, anna: User, make_picture: MakePicture) -> None:
    make_picture("a cat", description="A cat.")
    saved = reverse("search-saved")
    for _ in range(2):
        page.post(saved, {"q": "cat  type:photo"})
    page.post(saved, {"q": "colour:red"})

    assert list(SavedSearch.objects.values_list("owner_id", "query")) == [(anna.id, "cat type:photo")]
    assert 'name="forget" value="cat type:photo">Delete saved search</button>' in text(page, q="cat type:photo")
    page.post(saved, {"q": "cat type:photo", "forget": "cat type:photo"})
    assert not SavedSearch.objects.exists()


def test_saved_search_without_hits_can_be_deleted_on_every_search_page(page: Client, anna: User) -> None:
    for query in ("beach", 'say "cheese"'):
        SavedSearch.objects.create(owner=anna, query=query)

    assert 'name="forget" value="beach" aria-label="Delete “beach”"' in text(page, q="has:camera")
    answer = page.post(reverse("search-saved"), {"q": "has:camera", "sort": "date", "forget": 'say "cheese"'})

    assert answer.headers["Location"] == "/search/?q=has%3Acamera&sort=date"
    assert 'Saved search “say "cheese"” deleted.' in text(page, q="has:camera")
    assert [one.query for one in SavedSearch.objects.all()] == ["beach"]


def test_exact_search_is_saved_as_such(page: Client, anna: User, make_picture: MakePicture) -> None:
    make_picture("a cat", place="Lisbon, Portugal", description="A cat.")
    SearchTerm.objects.create(owner=anna, kind=SearchTerm.Kind.PLACE, text="Lisbon, Portugal")

    answer = page.post(reverse("search-saved"), {"q": "cat lisbn", "exact": "1"})

    html = text_of(page, answer.headers["Location"])
    assert "Showing results for" not in html
    assert "Delete saved search" in html
    assert 'href="/search/?q=cat%20lisbn&exact=1">cat lisbn</a>' in html
    assert "Delete saved search" not in text(page, q="cat lisbn")


def test_suggestions_are_links_to_searches(page: Client, anna: User, make_picture: MakePicture) -> None:
    make_picture("a cat", camera="Pixel 8")
    SearchTerm.objects.create(owner=anna, kind=SearchTerm.Kind.CAMERA, text="Pixel 8")

    assert 'href="/search/?q=camera%3A%22Pixel%208%22"' in text_of(page, reverse("search-suggestions") + "?q=pix")


def test_nul_in_suggestions_and_saved_searches_causes_no_error(page: Client) -> None:
    assert page.get(reverse("search-suggestions"), {"q": "a\0"}).status_code == 200
    for data in ({"q": "a\0"}, {"q": "a\0", "forget": "1"}):
        assert page.post(reverse("search-saved"), data).status_code == 302


def test_search_that_takes_too_long_is_stopped(
    page: Client, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "STATEMENT_SECONDS", 0.001)
    first = make_picture("a cat")
    with connection.cursor() as cursor:
        cursor.execute(MANY_COPIES, {"id": first.id})

    html = text(page, q="camera:leica")

    assert "This search took too long. Try again, or add more words or a date." in html
    assert "Remove filter" in html
