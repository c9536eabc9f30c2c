"""How files that belong to one picture are linked, in whatever order they finish, and what deletions do to them."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.contrib.auth.models import User

from batches import services
from batches.engine import lifecycle
from batches.engine.delete_batch import begin_deletion, delete_chunk
from batches.services import owner_scope
from tests.support.batches import assert_counters_match
from tests.support.imports import finish_all, queue_picture
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
File = tuple[str, dict[str, Any]]
NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)


def import_files(owner: User, *files: File, batch_name: str = "Phone") -> dict[str, Upload]:
    """Import `files`, each given as (path, processing result), one by one. Return all the owner's uploads by name."""
    batch = lifecycle.open_batch(owner.id, batch_name)
    for path, values in files:
        queue_picture(batch, path)
        finish_all(batch, **values)
    assert_counters_match(batch)
    return {upload.filename: upload for upload in Upload.objects.filter(owner=owner)}


HEIC: File = ("a/IMG_1.HEIC", {"metadata": {"content_identifier": "A"}})
MOV: File = ("a/IMG_1.MOV", {"metadata": {"content_identifier": "A"}, "duration": 2.0})
DNG: File = ("a/IMG_1.DNG", {})


@pytest.mark.parametrize("order", list(permutations([HEIC, MOV, DNG])))
def test_film_and_raw_file_become_parts_in_any_order(
    owner: User, order: tuple[tuple[str, dict[str, Any]], ...]
) -> None:
    files = import_files(owner, *order)

    main = files["IMG_1.HEIC"]
    assert (main.part_of, main.part_role) == (None, "")
    assert (files["IMG_1.MOV"].part_of, files["IMG_1.MOV"].part_role) == (main, "live")
    assert (files["IMG_1.DNG"].part_of, files["IMG_1.DNG"].part_role) == (main, "raw")


def test_renamed_film_is_found_by_its_content_identifier_in_another_import(owner: User) -> None:
    import_files(owner, HEIC)

    files = import_files(owner, ("b/film.MOV", MOV[1]), batch_name="Later")

    assert files["film.MOV"].part_of == files["IMG_1.HEIC"]


def test_raw_file_finds_its_jpeg_of_an_earlier_import_by_name_and_time(owner: User) -> None:
    names = ("a/IMG_1.JPG", "a/IMG_2.JPG", "b/IMG_3.JPG", "a/IMG_4.JPG")
    import_files(owner, *((name, {"taken_at": NOON}) for name in names))
    raws = ("a/IMG_1.DNG", {"taken_at": NOON}), ("a/IMG_2.DNG", {"taken_at": NOON + timedelta(minutes=1)})

    files = import_files(owner, *raws, ("a/IMG_3.DNG", {"taken_at": NOON}), ("a/IMG_4.DNG", {}), batch_name="Later")

    assert {name: file.part_of for name, file in files.items() if file.part_of} == {"IMG_1.DNG": files["IMG_1.JPG"]}


def test_edited_picture_of_a_later_import_takes_over_the_parts(owner: User) -> None:
    taken = {"taken_at": NOON}
    import_files(owner, ("a/IMG_0001.HEIC", HEIC[1] | taken), ("a/IMG_0001.MOV", MOV[1] | taken))

    files = import_files(owner, ("a/IMG_E0001.HEIC", taken), batch_name="Later")

    edited = files.pop("IMG_E0001.HEIC")
    assert (edited.part_of, {file.part_of for file in files.values()}) == (None, {edited})


def test_files_of_another_owner_are_never_linked(owner: User, other: User) -> None:
    import_files(other, HEIC)

    files = import_files(owner, MOV)

    assert files["IMG_1.MOV"].part_of is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_burst_is_shown_as_its_first_picture_in_any_order(owner: User, order: tuple[int, ...]) -> None:
    burst: list[File] = [(f"a/IMG_000{number}.HEIC", {"metadata": {"burst_id": "B"}}) for number in range(3)]
    raw: File = ("a/IMG_0002.DNG", {})

    files = import_files(owner, raw, *(burst[number] for number in order))

    main = files.pop("IMG_0000.HEIC")
    assert main.part_of is None
    assert {(upload.part_of, upload.part_role) for upload in files.values()} == {(main, "burst"), (main, "raw")}


def test_film_of_another_time_is_not_linked(owner: User) -> None:
    files = import_files(
        owner, ("a/IMG_1.JPG", {"taken_at": NOON}), ("a/IMG_1.MP4", {"taken_at": NOON + timedelta(minutes=5)})
    )

    assert files["IMG_1.MP4"].part_of is None


def test_film_of_a_photo_without_a_time_of_day_is_linked(owner: User) -> None:
    day = {"taken_at": NOON.replace(hour=0), "taken_source": "exif_date"}

    files = import_files(owner, ("a/IMG_1.JPG", day), ("a/IMG_1.MP4", {"taken_at": NOON + timedelta(minutes=5)}))

    assert files["IMG_1.MP4"].part_of == files["IMG_1.JPG"]


def test_picture_in_the_trash_takes_over_no_file_that_arrives(owner: User) -> None:
    import_files(owner, HEIC)
    Upload.objects.update(trashed_at=NOON)

    files = import_files(owner, MOV, batch_name="Later")

    assert files["IMG_1.MOV"].part_of is None


def test_deleting_a_picture_deletes_its_parts(owner: User) -> None:
    files = import_files(owner, HEIC, MOV, ("a/IMG_2.HEIC", {}))

    assert services.delete_pictures(owner_scope(owner), [files["IMG_1.HEIC"].id]) == 2

    assert Upload.objects.get() == files["IMG_2.HEIC"]


def test_part_can_be_deleted_alone(owner: User) -> None:
    files = import_files(owner, HEIC, MOV)

    assert services.delete_pictures(owner_scope(owner), [files["IMG_1.MOV"].id]) == 1

    assert Upload.objects.get() == files["IMG_1.HEIC"]


def test_part_that_another_import_keeps_becomes_independent(owner: User) -> None:
    import_files(owner, HEIC)
    files = import_files(owner, MOV, batch_name="Later")
    assert files["IMG_1.MOV"].part_of == files["IMG_1.HEIC"]
    first = files["IMG_1.HEIC"].items.get().batch

    begin_deletion(first.id)
    while delete_chunk(first.id)[0]:
        pass

    left = Upload.objects.get()
    assert (left.filename, left.part_of, left.part_role) == ("IMG_1.MOV", None, "")
