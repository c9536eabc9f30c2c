"""An album's sidecar adds pictures to the album: all those in its folder, or those that it lists."""

import pytest
from django.contrib.auth.models import User

from batches.engine import link_sidecars
from batches.models import SidecarEntry
from tests.engine.sidecar_files import NOON, open_batch
from tests.support.batches import assert_counters_match
from tests.support.imports import finish_all, queue_picture, send_sidecar
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
SEA = {"title": "Sea", "date": {}}


@pytest.mark.parametrize("first", ["album", "pictures"])
def test_album_applies_to_all_pictures_in_its_folder(owner: User, first: str) -> None:
    batch = open_batch(owner)
    if first == "album":
        send_sidecar(batch, "Google Photos/Sea/metadata.json", SEA)
    for path in ("Photos from 2024/IMG_1.jpg", "Sea/IMG_1.jpg", "Sea/IMG_2.jpg", "Sea/More/IMG_3.jpg"):
        queue_picture(batch, f"Google Photos/{path}")
    finish_all(batch)
    if first == "pictures":
        send_sidecar(batch, "Google Photos/Sea/metadata.json", SEA)

    assert list(Upload.objects.order_by("id").values_list("albums", flat=True)) == [[], ["Sea"], ["Sea"], []]


def test_duplicate_in_the_folder_of_an_album_joins_the_album(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "Photos from 2024/IMG_1.jpg", seed="same")
    finish_all(batch)
    send_sidecar(batch, "Sea/metadata.json", SEA)
    send_sidecar(batch, "Boat/metadata.json", {**SEA, "title": "Boat"})

    for folder in ("Sea", "Boat"):
        queue_picture(batch, f"{folder}/IMG_1.jpg", seed="same")

    assert Upload.objects.get().albums == ["Sea", "Boat"]
    assert_counters_match(batch)
    assert batch.duplicates == 2


def test_photo_details_and_albums_of_icloud_apply_to_their_pictures(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "iCloud Photos Part 1 of 2/Photos/IMG_0001.HEIC")
    queue_picture(batch, "iCloud Photos Part 1 of 2/Photos/IMG_0002.HEIC")
    finish_all(batch)
    details = (
        "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate\n"
        'IMG_0001.HEIC,x,yes,no,no,"Wednesday January 31,2024 12:00 PM GMT",0,\n'
        "IMG_0002.HEIC,x,no,yes,no,,0,\n"
    )

    send_sidecar(batch, "iCloud Photos Part 1 of 2/Photos/Photo Details.csv", details)
    send_sidecar(batch, "iCloud Photos Part 2 of 2/Albums/Sea.csv", "Images\nIMG_0002.HEIC\n")

    first, second = Upload.objects.order_by("filename")
    assert (first.taken_at, first.favourite, first.albums) == (NOON, True, [])
    assert (second.archived, second.albums) == (True, ["Sea"])


def test_more_entries_and_pictures_than_a_page_are_linked(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_sidecars, "PAGE", 2)
    monkeypatch.setattr("batches.engine.link_albums.PAGE", 2)
    batch = open_batch(owner)
    for number in range(5):
        queue_picture(batch, f"Photos/IMG_{number}.jpg")
    finish_all(batch)

    send_sidecar(batch, "Albums/Sea.csv", "Images\n" + "".join(f"IMG_{number}.jpg\n" for number in range(5)))
    send_sidecar(batch, "Photos/metadata.json", {**SEA, "title": "All"})

    assert [sorted(albums) for albums in Upload.objects.values_list("albums", flat=True)] == [["All", "Sea"]] * 5
    assert not SidecarEntry.objects.filter(is_due=True).exists()
