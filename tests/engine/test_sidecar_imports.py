"""How sidecars and pictures from different imports are linked, and what happens when they are deleted."""

import pytest
from django.contrib.auth.models import User

from batches import services
from batches.engine import link_sidecars
from batches.engine.delete_batch import begin_deletion, delete_chunk, finish_deletion
from batches.models import BatchItem, SidecarEntry, SidecarFile
from batches.services import owner_scope
from tests.engine.sidecar_files import NOON, open_batch, takeout, xmp
from tests.support.imports import finish_all, queue_picture, send_sidecar
from tests.support.users import make_user
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_deleted_picture_leaves_its_sidecar_waiting(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    upload = queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.jpg.json", takeout())
    finish_all(batch)

    assert services.delete_pictures(owner_scope(owner), [upload.id]) == 1
    assert SidecarEntry.objects.get().upload is None
    queue_picture(later, "a/IMG_1.jpg", seed="new")
    finish_all(later)

    assert Upload.objects.get().taken_at is None  # the old import still contains its own file of that name


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


def test_sidecar_of_a_later_import_is_kept_when_another_one_arrives(owner: User) -> None:
    batch, later = open_batch(owner), open_batch(owner, "Again")
    queue_picture(batch, "a/IMG_1.jpg")
    send_sidecar(batch, "a/IMG_1.xmp", xmp('xmp:Rating="2"'))
    finish_all(batch)
    send_sidecar(later, "a/IMG_1.xmp", xmp('xmp:Rating="5"'))

    send_sidecar(batch, "a/IMG_1.jpg.json", takeout(description="Us"))

    upload = Upload.objects.get()
    assert (upload.rating, upload.caption) == (5, "Us")


def test_sidecar_of_another_owner_is_not_used(owner: User) -> None:
    batch, other = open_batch(owner), open_batch(make_user("ben"))
    send_sidecar(other, "a/IMG_1.jpg.json", takeout())
    SidecarEntry.objects.update(folder_key=1, name_key=2)
    queue_picture(batch, "a/IMG_1.jpg")
    BatchItem.objects.filter(batch=batch).update(folder_key=1, name_key=2)  # as if the hashes collided
    finish_all(batch)
    SidecarEntry.objects.update(is_due=True)
    link_sidecars.link_due_entries()

    assert Upload.objects.get().taken_at is None
