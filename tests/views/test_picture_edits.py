"""The forms that change dates and locations of pictures, and the button that hides pictures."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.support.batches import make_upload
from tests.support.html import compact
from uploads.models import PictureEdit, Upload

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
Post = Callable[..., str]


@pytest.fixture
def pictures(anna: User) -> list[Upload]:
    """A picture with a date, and one without."""
    found = [make_upload(anna, number) for number in (1, 2)]
    Upload.objects.update(processed_at=timezone.now())
    Upload.objects.filter(id=found[0].id).update(taken_at=NOON, taken_source="exif")
    return found


@pytest.fixture
def post(page: Client, pictures: list[Upload]) -> Post:
    """A function that posts the ids of both pictures and the given fields to a URL, and returns the next page."""

    def send(name: str, **fields: str) -> str:
        ids = [upload.id for upload in pictures]
        answer = page.post(reverse(name), {"picture": ids, **fields}, follow=True)
        return compact(answer.content.decode())

    return send


def test_button_of_a_selection_opens_the_form(post: Post, pictures: list[Upload]) -> None:
    html = post("upload-dates", next="/search/?q=cat")

    assert [f'name="picture" value="{upload.id}"' in html for upload in pictures] == [True, True]
    assert '<a class="button" href="/search/?q=cat">' in html


def test_dates_are_changed_and_the_change_is_undone(page: Client, post: Post, pictures: list[Upload]) -> None:
    html = post("upload-dates", how="shift", hours="1")

    assert "Date of 1 picture changed." in html
    assert "1 picture has no date to change." in html
    pictures[0].refresh_from_db()
    assert (pictures[0].taken_at, pictures[0].taken_source) == (NOON.replace(hour=13), "own")
    undo = reverse("upload-edit-undo", args=[PictureEdit.objects.get().id])
    assert f'<form method="post" action="{undo}">' in html
    assert "Undone." in page.post(undo, follow=True).content.decode()
    pictures[0].refresh_from_db()
    assert (pictures[0].taken_at, pictures[0].taken_source, pictures[0].sidecars) == (NOON, "exif", {})


def test_location_is_set(post: Post, pictures: list[Upload]) -> None:
    assert "The place was not found." in post("upload-locations", how="place", place="Xanadux")

    assert "Locations of 2 pictures changed." in post("upload-locations", how="place", place="Lisbon")
    assert set(Upload.objects.values_list("place", flat=True)) == {"Lisbon, Portugal"}


def test_hidden_pictures_are_shown_again(post: Post, pictures: list[Upload]) -> None:
    assert "2 pictures hidden." in post("upload-hide")
    assert Upload.objects.filter(archived=True).count() == 2

    assert "2 pictures unhidden." in post("upload-unhide")
    assert not Upload.objects.filter(archived=True).exists()


def test_next_page_must_be_on_this_site(page: Client, pictures: list[Upload]) -> None:
    answer = page.post(reverse("upload-hide"), {"picture": pictures[0].id, "next": "https://example.org/"})

    assert answer.headers["Location"] == reverse("upload-list")


def test_empty_selection_is_explained(page: Client) -> None:
    assert "No pictures selected." in page.get(reverse("upload-dates"), follow=True).content.decode()


def test_undo_requested_by_get_leads_to_the_library(page: Client) -> None:
    assert page.get(reverse("upload-edit-undo", args=[1]))["Location"] == reverse("upload-list")
