"""Sidecars and pictures find each other in any order, in one import or in two."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches import services
from batches.engine import lifecycle, link_sidecars
from batches.engine.delete_batch import begin_deletion, delete_chunk, finish_deletion
from batches.engine.maintenance_check import check_maintenance
from batches.engine.reanalyse import reanalyse_batch
from batches.models import BatchItem, SidecarEntry, SidecarFile, UploadBatch
from batches.services import owner_scope
from batches.worker.reconciler import reconcile
from tests.support.batches import assert_counters_match
from tests.support.imports import finish_all, queue_picture, send_sidecar, sidecar_items
from tests.support.users import make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
TAKEN = {"photoTakenTime": {"timestamp": str(int(NOON.timestamp()))}}
SEA = {"title": "Sea", "date": {}}


def open_batch(owner: User, name: str = "Takeout") -> UploadBatch:
    return lifecycle.open_batch(owner.id, name)


def takeout(**values: Any) -> dict[str, Any]:
    return {**TAKEN, "title": "IMG_1.jpg", **values}


def xmp(attributes: str) -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" {attributes}/></rdf:RDF></x:xmpmeta>'
    )


@pytest.mark.parametrize("order", ["sidecar first", "between", "sidecar last"])
def test_sidecar_applies_to_its_picture_in_any_order(owner: User, order: str) -> None:
    batch = open_batch(owner)
    steps: dict[str, Callable[[], object]] = {
        "picture": lambda: queue_picture(batch, "a/IMG_1.jpg"),
        "sidecar": lambda: send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us", favorited=True)),
        "finish": lambda: finish_all(batch, taken_at=datetime(2020, 1, 1, tzinfo=UTC), latitude=1.0, longitude=2.0),
    }
    orders = {
        "sidecar first": ("sidecar", "picture", "finish"),
        "between": ("picture", "sidecar", "finish"),
        "sidecar last": ("picture", "finish", "sidecar"),
    }
    for step in orders[order]:
        steps[step]()

    upload = Upload.objects.get()
    assert (upload.taken_at, upload.taken_source, upload.latitude) == (NOON, "sidecar", 1.0)
    assert (upload.caption, upload.favourite, upload.archived) == ("Us", True, False)
    assert upload.description == "A glacier."
    entry = SidecarEntry.objects.get()
    assert (entry.upload, entry.is_due) == (upload, False)
    assert_counters_match(batch)
    assert (batch.sidecars, batch.new) == (1, 1)


def test_sidecar_is_counted_and_never_a_picture(owner: User) -> None:
    batch = open_batch(owner)

    outcome = send_sidecar(batch, "a/IMG_1.jpg.json", takeout())
    lifecycle.seal_batch(batch.id)

    batch.refresh_from_db()
    assert (outcome.state, batch.status, batch.sidecars, batch.successful) == ("sidecar", "completed", 1, 1)
    assert not Upload.objects.exists()
    [item] = sidecar_items(batch)
    assert bytes(SidecarFile.objects.get(item=item).content).startswith(b'{"photoTakenTime"')
    assert len(item.sha256) == 64
    assert SidecarEntry.objects.get().upload is None


@pytest.mark.parametrize("content", ["{}", '{"a": 1}', "{" * 50])
def test_other_json_is_refused_with_its_reason(owner: User, content: str) -> None:
    batch = open_batch(owner)

    outcome = send_sidecar(batch, "a/package.json", content)

    assert (outcome.state, outcome.code) == ("refused", "sidecar.unreadable")
    assert_counters_match(batch)
    assert batch.failed == 1


def test_picture_in_another_folder_or_with_another_counter_is_not_touched(owner: User) -> None:
    batch = open_batch(owner)
    for path in ("b/IMG_1.jpg", "a/IMG_1(1).jpg", "a/IMG_2.jpg"):
        queue_picture(batch, path)
    finish_all(batch)

    send_sidecar(batch, "a/IMG_1.jpg.json", takeout())

    assert not Upload.objects.exclude(taken_at=None).exists()


def test_sidecar_of_another_owner_is_not_used(owner: User) -> None:
    batch, other = open_batch(owner), open_batch(make_user("ben"))
    send_sidecar(other, "a/IMG_1.jpg.json", takeout())
    SidecarEntry.objects.update(folder_key=1, name_key=2)
    queue_picture(batch, "a/IMG_1.jpg")
    BatchItem.objects.filter(batch=batch).update(folder_key=1, name_key=2)  # as if two hashes were equal
    finish_all(batch)
    SidecarEntry.objects.update(is_due=True)
    link_sidecars.link_due_entries()

    assert Upload.objects.get().taken_at is None


def test_edited_version_and_film_share_the_file_of_the_original(owner: User) -> None:
    batch = open_batch(owner)
    for name in ("IMG_1.jpg", "IMG_1-edited.jpg", "IMG_1.MP4"):
        queue_picture(batch, f"a/{name}")
    send_sidecar(batch, "a/IMG_1.jpg.supplemental-metadata.json", takeout())
    finish_all(batch)

    assert set(Upload.objects.values_list("taken_at", flat=True)) == {NOON}


def test_late_own_sidecar_replaces_a_shared_one(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.MP4")
    finish_all(batch)
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="shared"))

    send_sidecar(batch, "a/IMG_1.MP4.json", takeout(description="own"))
    send_sidecar(batch, "a/IMG_1.HEIC.json", takeout(description="shared, too"))

    assert Upload.objects.get().caption == "own"


def test_parts_of_an_export_are_one_folder(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "takeout-20240131T123456Z-001/Takeout/Google Photos/Sea/IMG_1.jpg")
    finish_all(batch)

    send_sidecar(batch, "takeout-20240131T123456Z-002/Takeout/Google Photos/Sea/IMG_1.jpg.json", takeout())

    assert Upload.objects.get().taken_at == NOON


def test_sidecar_sent_in_a_later_import_updates_its_picture(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.xmp", xmp('xmp:Rating="2"'))
    finish_all(batch)

    send_sidecar(later, "a/IMG_1.xmp", xmp('xmp:Rating="5"'))

    assert Upload.objects.get().rating == 5


def test_sidecar_sent_with_its_picture_in_a_later_import_updates_it(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    queue_picture(batch, "a/IMG_1.jpg")
    finish_all(batch)

    send_sidecar(later, "a/IMG_1.xmp", xmp('xmp:Rating="5"'))
    queue_picture(later, "a/IMG_1.jpg")

    assert Upload.objects.get().rating == 5


def test_picture_sent_in_a_later_import_finds_its_waiting_sidecar(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    send_sidecar(batch, "a/IMG_1.xmp", xmp('xmp:Rating="5"'))

    queue_picture(later, "a/IMG_1.jpg")
    finish_all(later)

    assert Upload.objects.get().rating == 5


def test_same_paths_of_two_imports_stay_apart(owner: User) -> None:
    first, second = open_batch(owner), open_batch(owner, "Other account")
    for batch, name in ((first, "first"), (second, "second")):
        queue_picture(batch, "a/IMG_1.jpg", seed=name)
        send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description=name))
        finish_all(batch)

    captions = [batch.items.get(upload__isnull=False).upload.caption for batch in (first, second)]  # type: ignore[union-attr]

    assert captions == ["first", "second"]


def test_xmp_comes_before_takeout_in_any_order(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.jpg.xmp", xmp('xmp:Rating="3" xmp:CreateDate="2019-05-14T20:35:12+02:00"'))
    finish_all(batch)
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us"))

    upload = Upload.objects.get()

    assert (upload.taken_at, upload.utc_offset) == (datetime(2019, 5, 14, 18, 35, 12, tzinfo=UTC), 120)
    assert (upload.rating, upload.caption) == (3, "Us")


def test_reanalysis_keeps_what_sidecars_say(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us"))
    finish_all(batch, taken_at=datetime(2020, 1, 1, tzinfo=UTC))
    lifecycle.seal_batch(batch.id)

    again = reanalyse_batch(batch.id)
    assert again is not None
    finish_all(UploadBatch.objects.get(id=again), taken_at=datetime(2020, 1, 1, tzinfo=UTC))

    upload = Upload.objects.get()
    assert (upload.taken_at, upload.caption) == (NOON, "Us")


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


def test_duplicate_in_an_album_s_folder_joins_the_album(owner: User) -> None:
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


def test_reconciler_links_what_a_crash_left_due(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_1.jpg")
    finish_all(batch)
    with monkeypatch.context() as crash:
        crash.setattr(link_sidecars, "link_entries_of", lambda item_id: None)
        send_sidecar(batch, "a/IMG_1.jpg.json", takeout())
    assert check_maintenance(8).due_sidecars

    reconcile()

    assert Upload.objects.get().taken_at == NOON
    assert not check_maintenance(8).due_sidecars


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


def test_sidecar_and_picture_at_the_same_time_find_each_other(owner: User) -> None:
    batch = open_batch(owner)
    numbers = range(20)
    for number in numbers:
        queue_picture(batch, f"a/IMG_{number}.jpg")

    def send_all() -> None:
        try:
            for number in numbers:
                send_sidecar(batch, f"a/IMG_{number}.jpg.json", takeout(description=f"{number}"))
        finally:
            connection.close()

    sender = threading.Thread(target=send_all)
    sender.start()
    finish_all(batch)
    sender.join()

    assert set(Upload.objects.values_list("filename", "caption")) == {(f"IMG_{n}.jpg", f"{n}") for n in numbers}
    assert_counters_match(batch)


def test_deleted_picture_leaves_its_sidecar_waiting(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    upload = queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout())
    finish_all(batch)

    assert services.delete_pictures(owner_scope(owner), [upload.id]) == 1
    assert SidecarEntry.objects.get().upload is None
    queue_picture(later, "a/IMG_1.jpg", seed="new")
    finish_all(later)

    assert Upload.objects.get().taken_at is None  # the old import still lists its own file of that name


def test_deleting_an_import_deletes_its_sidecars(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    queue_picture(batch, "a/IMG_1.jpg")
    finish_all(batch)
    send_sidecar(later, "a/IMG_1.jpg.json", takeout())

    for deleted in (later, batch):
        begin_deletion(deleted.id)
        while delete_chunk(deleted.id)[0]:
            pass
        assert finish_deletion(deleted.id)
        assert Upload.objects.filter(taken_at=NOON).exists() == (deleted == later)

    assert not SidecarEntry.objects.exists()
    assert not SidecarFile.objects.exists()
    assert not Upload.objects.exists()


def test_date_of_the_file_name_is_the_last_source(owner: User) -> None:
    batch = open_batch(owner)
    queue_picture(batch, "a/IMG_20240131_120000.jpg")
    finish_all(batch)
    upload = Upload.objects.get()
    assert (upload.taken_at, upload.taken_source) == (NOON, "name")

    send_sidecar(batch, "a/IMG_20240131_120000.jpg.json", {"photoTakenTime": {"timestamp": "1580515200"}})

    upload.refresh_from_db()
    assert (upload.taken_at.isoformat()[:10] if upload.taken_at else "", upload.taken_source) == (
        "2020-02-01",
        "sidecar",
    )


def test_sidecar_of_a_later_import_is_kept_when_another_one_arrives(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.xmp", xmp('xmp:Rating="2"'))
    finish_all(batch)
    send_sidecar(later, "a/IMG_1.xmp", xmp('xmp:Rating="5"'))

    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us"))

    upload = Upload.objects.get()
    assert (upload.rating, upload.caption) == (5, "Us")
