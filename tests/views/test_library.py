"""The library, the picture page, signing in and out, and error pages."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.support.batches import make_batch, make_upload
from tests.support.html import compact
from uploads.models import Upload


def described(owner: User, number: int, **facts: object) -> Upload:
    upload = make_upload(owner, number)
    Upload.objects.filter(id=upload.id).update(
        description=f"Glacier {number}.", previews={"320": "a", "1024": "b"}, processed_at=timezone.now(), **facts
    )
    return upload


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return compact(answer.content.decode())


def test_empty_library_explains_itself(page: Client) -> None:
    html = text(page, reverse("upload-list"))

    assert "Your library is empty" in html
    assert reverse("batch-new") in html


def test_library_shows_described_pictures_newest_first(page: Client, anna: User) -> None:
    described(anna, 1)
    described(anna, 2)
    make_upload(anna, 4)

    html = text(page, reverse("upload-list"))

    assert html.index("Glacier 2.") < html.index("Glacier 1.")
    assert "IMG_0004" not in html


def test_script_gets_only_the_timeline(page: Client, anna: User) -> None:
    described(anna, 1)

    html = page.get(reverse("upload-list"), headers={"HX-Request": "true"}).content.decode()

    assert "Glacier 1." in html
    assert 'class="scale"' in html
    assert 'class="pages"' in html
    assert "<html" not in html


def test_tile_escapes_text_from_the_picture(page: Client, anna: User) -> None:
    upload = described(anna, 1)
    Upload.objects.filter(id=upload.id).update(description='A "b" <c>', filename="<d>&.jpg")

    html = text(page, reverse("upload-list"))

    assert 'alt="A &quot;b&quot; &lt;c&gt;"' in html
    assert 'aria-label="Select &lt;d&gt;&amp;.jpg"' in html


@pytest.mark.parametrize(
    ("utc_offset", "shown"),
    [
        (None, '<dt>Thursday, July 2, 2026</dt><dd class="number">2:03 p.m. · Time zone unknown</dd>'),
        (120, '<dt>Thursday, July 2, 2026</dt><dd class="number">4:03 p.m. · UTC+02:00</dd>'),
        (-210, '<dt>Thursday, July 2, 2026</dt><dd class="number">10:33 a.m. · UTC-03:30</dd>'),
    ],
)
def test_picture_page_shows_the_time_of_the_camera(
    page: Client, anna: User, settings: Settings, utc_offset: int | None, shown: str
) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    upload = make_batch(anna, 1).items.select_related("upload").get().upload
    assert upload is not None
    Upload.objects.filter(id=upload.id).update(taken_at=datetime(2026, 7, 2, 14, 3, tzinfo=UTC), utc_offset=utc_offset)

    assert shown in text(page, reverse("upload-detail", args=[upload.id]))


def test_picture_page_shows_a_date_without_a_time_of_day(page: Client, anna: User) -> None:
    upload = make_batch(anna, 1).items.select_related("upload").get().upload
    assert upload is not None
    Upload.objects.filter(id=upload.id).update(taken_at=datetime(2026, 7, 2, tzinfo=UTC), taken_source="exif_date")

    html = text(page, reverse("upload-detail", args=[upload.id]))

    assert "<dt>Thursday, July 2, 2026</dt>" in html
    assert "date: EXIF data, without a time of day" in html


def test_picture_page_shows_all_facts(page: Client, anna: User) -> None:
    batch = make_batch(anna, 1, "Iceland")
    upload = batch.items.select_related("upload").get().upload
    assert upload is not None
    Upload.objects.filter(id=upload.id).update(
        description="A glacier.",
        labels=[{"name": "ice", "score": 0.8}],
        previews={"1024": "b"},
        camera="Fairphone 5",
        taken_at=datetime(2026, 7, 2, 14, 3, tzinfo=UTC),
        taken_source="gps",
        latitude=64.1466,
        longitude=-21.9426,
        width=4032,
        height=3024,
        processed_at=timezone.now(),
    )

    html = text(page, reverse("upload-detail", args=[upload.id]))

    for expected in (
        "A glacier.",
        ">ice<",
        "Fairphone 5",
        "July 2, 2026",
        "date: GPS time",
        "64.14660, -21.94260",
        "4032 \N{MULTIPLICATION SIGN} 3024",
        "Iceland",
    ):
        assert expected in html, expected
    assert f"{reverse('upload-preview', args=[upload.id, 1024])}?v=" in html


def test_picture_page_names_a_batch_once(page: Client, anna: User) -> None:
    batch = make_batch(anna, 3, "Iceland")
    upload = batch.items.order_by("id")[0].upload
    assert upload is not None
    batch.items.update(upload=upload)

    html = text(page, reverse("upload-detail", args=[upload.id]))

    assert html.count(reverse("batch-detail", args=[batch.id])) == 1


def test_waiting_picture_has_a_page_without_a_preview(page: Client, anna: User) -> None:
    upload = make_upload(anna, 1)

    assert "waiting to be processed" in text(page, reverse("upload-detail", args=[upload.id]))


def test_sign_in_shows_errors_and_redirects(client: Client, db: None) -> None:
    User.objects.create_user("anna", password="right")

    wrong = client.post("/sign-in/", {"username": "anna", "password": "wrong", "next": "/library/"})
    right = client.post("/sign-in/", {"username": "anna", "password": "right", "next": "/library/"})

    assert "do not match" in wrong.content.decode()
    assert right["Location"] == "/library/"


def test_sign_out_is_a_button(page: Client) -> None:
    assert f'<form method="post" action="{reverse("logout")}">' in text(page, reverse("upload-list"))

    assert "You are signed out" in page.post(reverse("logout")).content.decode()

    assert page.get(reverse("upload-list")).status_code == 302


def test_unknown_url_has_an_error_page(page: Client) -> None:
    answer = page.get("/nothing/")

    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()


@pytest.mark.django_db
def test_error_page_does_not_send_visitors_of_a_link_to_the_imports(client: Client) -> None:
    html = client.get("/s/unknown/").content.decode()

    assert "the link is no longer valid" in html
    assert "Go to imports" not in html


def test_form_without_csrf_token_has_an_error_page(anna: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)

    assert "Page expired" in client.post(reverse("logout")).content.decode()


def test_picture_page_shows_the_text_in_the_picture(page: Client, anna: User) -> None:
    short, long = described(anna, 1, text_found="Harbour <b>Café</b>"), described(anna, 2, text_found="menu " * 100)

    html = text(page, reverse("upload-detail", args=[short.id]))
    assert "<p>Harbour &lt;b&gt;Café&lt;/b&gt;</p>" in html
    assert "Show the text" not in html
    assert "Show the text" in text(page, reverse("upload-detail", args=[long.id]))
