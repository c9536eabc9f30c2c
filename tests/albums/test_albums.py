"""Albums: what they contain, in what order, and what happens when their pictures are deleted."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches import services
from batches.services import owner_scope
from tests.albums.conftest import make_picture
from tests.deletion.stored_files import finish_all
from tests.support.batches import make_batch
from tests.support.html import compact
from tests.support.users import make_user
from uploads import albums
from uploads.albums import add_pictures, album_pictures, move_to_front, own_albums, remove_pictures, with_covers
from uploads.models import Album, AlbumEntry, PartRole, Upload

pytestmark = pytest.mark.django_db


def test_pictures_are_added_once_oldest_first_and_only_own_ones(
    anna: User, album: Album, pictures: list[Upload]
) -> None:
    late, early, part, others = (make_picture(user, 10 + n) for n, user in enumerate([anna] * 3 + [make_user("ben")]))
    Upload.objects.filter(id=early.id).update(taken_at=datetime(2020, 1, 1, tzinfo=UTC))
    Upload.objects.filter(id=part.id).update(part_of=late, part_role=PartRole.RAW)

    added = add_pictures(album, [upload.id for upload in (*pictures, late, early, part, others)])

    assert added == 2
    assert list(album_pictures(album)) == [*pictures, early, late]


def test_first_picture_is_the_cover_and_can_be_changed(anna: User, album: Album, pictures: list[Upload]) -> None:
    move_to_front(album, [pictures[1].id])

    assert list(album_pictures(album)) == pictures[::-1]
    found = with_covers(own_albums(anna.id)).get()
    assert (found.cover_id, found.pictures) == (pictures[1].id, 2)


def test_full_album_takes_no_more_pictures(
    anna: User, album: Album, pictures: list[Upload], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(albums, "MAX_ALBUM_PICTURES", 3)

    assert add_pictures(album, [make_picture(anna, number).id for number in (5, 6)]) == 1


def test_picture_in_the_trash_is_not_shown_until_it_is_restored(
    anna: User, album: Album, pictures: list[Upload]
) -> None:
    services.trash_pictures(owner_scope(anna), [pictures[0].id])
    assert list(album_pictures(album)) == pictures[1:]
    assert with_covers(own_albums(anna.id)).get().pictures == 1

    services.restore_pictures(owner_scope(anna), [pictures[0].id])
    assert list(album_pictures(album)) == pictures


def test_picture_is_opened_among_the_pictures_of_its_album(
    page: Client, anna: User, album: Album, pictures: list[Upload]
) -> None:
    first, second = pictures
    make_picture(anna, 9)
    move_to_front(album, [second.id])
    assert f'href="/library/{first.id}/?in=album%3A{album.id}"' in page.get(f"/albums/{album.id}/").content.decode()

    html = compact(page.get(f"/library/{first.id}/?in=album:{album.id}").content.decode())

    assert "2 of 2" in html
    assert f'id="back" href="/albums/{album.id}/"' in html
    assert f'href="/library/{second.id}/?in=album%3A{album.id}"' in html


def test_picture_deleted_for_good_leaves_its_albums(anna: User, album: Album, pictures: list[Upload]) -> None:
    services.delete_pictures(owner_scope(anna), [pictures[0].id])

    assert AlbumEntry.objects.get().upload == pictures[1]


def test_selection_is_added_to_a_new_album_removed_and_the_album_deleted(page: Client, pictures: list[Upload]) -> None:
    ids = [upload.id for upload in pictures]
    asked = compact(page.post(reverse("album-add"), {"picture": ids}).content.decode())
    assert "Add 2 pictures to an album" in asked

    page.post(reverse("album-add"), {"picture": ids, "name": "  Porto \n 2024 "})
    album = Album.objects.get()
    assert album.name == "Porto 2024"
    assert page.get(reverse("album", args=[album.id])).content.decode().count('name="picture"') == 2
    assert "Porto 2024" in page.get(reverse("albums")).content.decode()

    page.post(reverse("album-change", args=[album.id]), {"picture": ids[:1], "remove": "1"})
    assert list(album_pictures(album)) == pictures[1:]
    page.post(reverse("album-delete", args=[album.id]))
    assert not Album.objects.exists()
    assert Upload.objects.filter(trashed_at=None).count() == 2


def test_removed_picture_stays_in_the_library(album: Album, pictures: list[Upload]) -> None:
    assert remove_pictures(album, [pictures[0].id]) == 1

    assert Upload.objects.filter(id=pictures[0].id, trashed_at=None, processed_at__lt=timezone.now()).exists()


def test_import_becomes_an_album_of_its_pictures(page: Client, anna: User) -> None:
    batch = make_batch(anna, 3, "Lisbon")
    finish_all(batch)
    first = batch.items.order_by("id")[0].upload
    assert first is not None
    Upload.objects.exclude(id=first.id).update(processed_at=timezone.now())

    answer = page.post(reverse("batch-album", args=[batch.id]))

    album = Album.objects.get()
    assert answer["Location"] == reverse("album", args=[album.id])
    assert (album.name, album_pictures(album).count()) == ("Lisbon", 2)


def test_import_without_pictures_becomes_no_album(page: Client, anna: User) -> None:
    answer = page.post(reverse("batch-album", args=[make_batch(anna, 1, "Empty").id]), follow=True)

    assert "has no described pictures" in answer.content.decode()
    assert not Album.objects.exists()


@pytest.mark.parametrize("button", ["album-change", "album-download", "album-share", "album-revoke", "album-add"])
def test_button_of_an_album_requested_by_get_leads_to_its_page(page: Client, album: Album, button: str) -> None:
    ids = {"album-add": [], "album-revoke": [album.id, 1]}.get(button, [album.id])

    answer = page.get(reverse(button, args=ids))

    target = reverse("upload-list") if button == "album-add" else reverse("album", args=[album.id])
    assert (answer.status_code, answer["Location"]) == (302, target)
