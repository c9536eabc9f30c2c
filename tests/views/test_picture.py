"""The picture's page: its neighbours in the library and in an import, and the forms on it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.support.batches import make_upload
from tests.support.html import compact
from tests.support.imports import finish_all, queue_picture
from tests.support.users import make_user
from uploads.models import Upload

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
LABELS = [{"name": "cat", "score": 0.9}, {"name": "dog", "score": 0.4}]


@pytest.fixture
def pictures(anna: User) -> list[Upload]:
    """Four pictures in the order of the library."""
    found = [make_upload(anna, number) for number in range(4)]
    for hours, upload in enumerate(found):
        taken = NOON - timedelta(hours=hours)
        Upload.objects.filter(id=upload.id).update(processed_at=timezone.now(), taken_at=taken, labels=LABELS)
    return [Upload.objects.get(id=upload.id) for upload in found]


def open_picture(page: Client, upload: Upload, query: str = "") -> str:
    answer = page.get(reverse("upload-detail", args=[upload.id]) + query)
    assert answer.status_code == 200
    return compact(answer.content.decode())


def linked(html: str, rel: str) -> str:
    """Return the URL of the link to the previous or next picture, or "" if there is no such link."""
    match = re.search(rf'rel="{rel}"[^>]* href="([^"]+)"', html)
    return match[1] if match else ""


def strip(html: str) -> list[int]:
    """Return the ids of the pictures in the filmstrip."""
    nav = re.search(r'<nav class="strip".*?</nav>', html)
    return [int(id) for id in re.findall(r"/library/(\d+)/", nav[0])] if nav else []


def test_neighbours_are_those_of_the_library(page: Client, pictures: list[Upload]) -> None:
    first, second, third, fourth = pictures
    make_upload(make_user("ben"), 1)

    html = open_picture(page, second)

    assert [linked(html, rel) for rel in ("prev", "next")] == [f"/library/{one.id}/" for one in (first, third)]
    assert strip(html) == [one.id for one in pictures]
    assert linked(open_picture(page, first), "prev") == ""
    assert linked(open_picture(page, fourth), "next") == ""


def test_hidden_picture_is_left_out_and_has_no_neighbours(page: Client, pictures: list[Upload]) -> None:
    first, second, third, _ = pictures
    Upload.objects.filter(id=second.id).update(archived=True)

    assert linked(open_picture(page, first), "next") == f"/library/{third.id}/"
    html = open_picture(page, second)
    assert strip(html) == []
    assert "Unhide" in html


@pytest.fixture
def batch(anna: User) -> UploadBatch:
    """An import of three pictures, one of them in two files. Its order differs from that of the library."""
    batch = lifecycle.open_batch(anna.id, "Sea & sky")
    for name in ("b", "a", "c"):
        queue_picture(batch, f"{name}.jpg")
    queue_picture(batch, "copy/b.jpg", "b.jpg")
    finish_all(batch)
    return batch


def test_neighbours_in_an_import_have_the_order_of_its_files(page: Client, batch: UploadBatch) -> None:
    one, two, three = Upload.objects.order_by("id")

    html = open_picture(page, two, f"?in=import:{batch.id}")

    links = [f"/library/{upload.id}/?in=import%3A{batch.id}" for upload in (one, three)]
    assert [linked(html, rel) for rel in ("prev", "next")] == links
    assert f'id="back" href="/batches/{batch.id}/"' in html
    assert "Sea &amp; sky" in html
    assert strip(open_picture(page, three, f"?in=import:{batch.id}")) == [one.id, two.id, three.id]


def test_way_back_to_an_exact_search_keeps_its_words(page: Client, pictures: list[Upload]) -> None:
    html = open_picture(page, pictures[0], "?in=search:type:photo&exact=1")

    assert 'id="back" href="/search/?q=type%3Aphoto&amp;exact=1"' in html
    assert linked(html, "prev") == f"/library/{pictures[1].id}/?in=search%3Atype%3Aphoto&amp;exact=1"
    assert '<input type="hidden" name="exact" value="1">' in html


@pytest.mark.parametrize("name", ["import:0", "import:{ben}", "import:x", "similar:{ben}", "nothing", "search:"])
def test_unknown_list_is_the_library(page: Client, pictures: list[Upload], name: str) -> None:
    ben = make_user("ben")
    make_upload(ben, 1)
    batch_id = lifecycle.open_batch(ben.id, "Secret").id

    html = open_picture(page, pictures[0], f"?in={name.format(ben=batch_id)}")

    assert linked(html, "next") == f"/library/{pictures[1].id}/"
    assert "Secret" not in html


def test_line_breaks_sent_by_browsers_do_not_edit_a_description(page: Client, pictures: list[Upload]) -> None:
    upload = pictures[0]
    Upload.objects.filter(id=upload.id).update(description="A cat.\nA dog.")

    page.post(reverse("upload-description", args=[upload.id]), {"text": "A cat.\r\nA dog."})

    upload.refresh_from_db()
    assert (upload.description, upload.description_edited) == ("A cat.\nA dog.", False)


def test_description_is_edited_and_restored(page: Client, pictures: list[Upload]) -> None:
    upload = pictures[0]
    Upload.objects.filter(id=upload.id).update(description="A cat.")
    address = reverse("upload-description", args=[upload.id])

    edited = compact(page.post(address, {"text": " Our cat. "}, follow=True).content.decode())

    assert '<p class="lead" lang="">Our cat.</p>' in edited
    assert "Restore the original text" in edited
    assert "A cat." in edited
    page.post(address, {"text": ""})
    upload.refresh_from_db()
    assert (upload.description, upload.description_edited) == ("A cat.", False)


def test_label_is_removed_and_added_again(page: Client, pictures: list[Upload]) -> None:
    upload = pictures[0]
    address = reverse("upload-labels", args=[upload.id])

    removed = page.post(address, {"remove": "cat", "in": "search:cat", "sort": "date"})

    assert removed.headers["Location"] == f"/library/{upload.id}/?in=search%3Acat&sort=date"
    assert 'name="restore" value="cat"' in open_picture(page, upload)
    page.post(address, {"restore": "cat"})
    assert 'name="remove" value="cat"' in open_picture(page, upload)


def test_location_is_shown_on_the_map(page: Client, pictures: list[Upload]) -> None:
    assert 'class="map"' not in open_picture(page, pictures[0])
    Upload.objects.filter(id=pictures[0].id).update(latitude=38.7223, longitude=-9.1393, place="Lisbon, Portugal")

    html = open_picture(page, pictures[0])

    assert 'aria-label="Map: Lisbon, Portugal"' in html
    assert '<circle class="pin" cx="-91" cy="-421"' in html
