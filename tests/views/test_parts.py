"""The library and imports show sidecars and parts of pictures, such as the video of a live photo."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.engine import lifecycle
from tests.support.batches import make_upload
from tests.support.html import compact
from tests.support.imports import finish_all, queue_picture, send_sidecar, sidecar_items
from tests.support.users import make_user
from uploads.albums import add_pictures, create_album
from uploads.models import PartRole, Upload
from uploads.shares import create_link

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN = {"photoTakenTime": {"timestamp": "1706702400"}, "favorited": True, "description": "Two\nlines"}


def text(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return compact(answer.content.decode())


def test_library_shows_a_live_photo_once_and_its_page_lists_the_film(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.id, "Phone")
    still, film = (queue_picture(batch, f"a/IMG_1.{kind}") for kind in ("HEIC", "MOV"))
    finish_all(batch)

    library, picture = text(page, "upload-list"), text(page, "upload-detail", still.id)

    assert reverse("upload-detail", args=[still.id]) in library
    assert reverse("upload-detail", args=[film.id]) not in library
    assert '<span class="badge live">Live</span>' in library
    assert reverse("upload-original", args=[film.id]) in picture
    assert "Video of the live photo" in picture
    assert reverse("upload-detail", args=[still.id]) in text(page, "upload-detail", film.id)


def test_lists_mark_live_photos_and_motion_photos(page: Client, anna: User) -> None:
    still, film, motion_photo, plain = (make_upload(anna, number) for number in range(1, 5))
    Upload.objects.update(processed_at=timezone.now())
    Upload.objects.filter(id=film.id).update(part_of=still, part_role=PartRole.LIVE)
    Upload.objects.filter(id=motion_photo.id).update(metadata={"motion": {"offset": 5, "length": 4}})
    album = create_album(anna.id, "Lisbon")
    add_pictures(album, [still.id, motion_photo.id, plain.id])
    link = create_link(album, timezone.now() + timedelta(days=1), "", allows_originals=False)

    lists = [text(page, "upload-list"), text(page, "album", album.pk), text(page, "shared-album", link.token)]
    lists.append(compact(page.get(reverse("search"), {"q": "type:photo"}).content.decode()))

    assert [html.count('<span class="badge live">Live</span>') for html in lists] == [2, 2, 2, 2]


def test_parts_of_other_users_are_not_listed(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.id, "Phone")
    still, film = (queue_picture(batch, f"a/IMG_1.{kind}") for kind in ("HEIC", "MOV"))
    finish_all(batch)
    Upload.objects.filter(id=film.id).update(owner=make_user("ben"))

    assert reverse("upload-original", args=[film.id]) not in text(page, "upload-detail", still.id)


def test_picture_page_shows_the_values_of_its_sidecars(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.id, "Takeout")
    upload = queue_picture(batch, "Sea/IMG_1.jpg")
    send_sidecar(batch, "Sea/IMG_1.jpg.json", TAKEN)
    send_sidecar(batch, "Sea/metadata.json", {"title": "<Sea>", "date": {}})
    finish_all(batch, taken_at=datetime(2020, 1, 1, tzinfo=UTC))

    html = text(page, "upload-detail", upload.id)

    for expected in ("Two<br>lines", "&lt;Sea&gt;", "Favourite", "Jan. 31, 2024", "date: sidecar file"):
        assert expected in html, expected


def test_page_of_a_sidecar_names_its_picture(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.id, "Takeout")
    send_sidecar(batch, "Sea/IMG_1.jpg.json", TAKEN)
    [item] = sidecar_items(batch)
    waiting = text(page, "item-detail", batch.id, item.id)
    upload = queue_picture(batch, "Sea/IMG_1.jpg")
    finish_all(batch)

    linked = text(page, "item-detail", batch.id, item.id)

    assert "No matching picture yet" in waiting
    assert reverse("upload-detail", args=[upload.id]) in linked


def test_deletion_page_says_that_parts_are_deleted_too(page: Client, anna: User) -> None:
    batch = lifecycle.open_batch(anna.id, "Phone")
    still, film = (queue_picture(batch, f"a/IMG_1.{kind}") for kind in ("HEIC", "MOV"))
    finish_all(batch)

    page.post(reverse("upload-trash"), {"picture": film.id})
    alone = compact(page.post(reverse("trash-delete"), {"picture": film.id}).content.decode())
    page.post(reverse("upload-trash"), {"picture": still.id})
    both = compact(page.post(reverse("trash-delete"), {"picture": still.id}).content.decode())

    assert "One related file" in both
    assert "related file" not in alone
