"""Originals and previews on a disk: by link and rename, and every trouble has its own code."""

import os
import shutil
from pathlib import Path
from threading import get_ident
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from uploads import storage
from uploads.errors import EnvironmentalError, PermanentError

BYTES = os.urandom(5000)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """The media folder of one test, ready for its first file."""
    folder = tmp_path / "media"
    disk = settings.STORAGES["default"] | {"OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"default": disk}
    storage.prepare_storage()
    return folder


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "part"
    path.write_bytes(BYTES)
    return path


def stored(key: UUID) -> Path:
    """Where an original lies."""
    return Path(default_storage.path(storage.original_name(key)))


def test_original_is_the_received_file_itself_and_nothing_is_copied(part: Path) -> None:
    key = uuid4()

    storage.store_original(part, key)

    assert stored(key).samefile(part)
    with storage.local_copy(key) as path:
        assert path == stored(key)


def test_original_stored_again_is_the_same(part: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(part, key)

    storage.store_original(part, key)

    assert stored(key).samefile(part)
    assert [path for path in media.rglob("*") if path.is_file()] == [stored(key)]


def test_original_stored_again_from_other_bytes_replaces_them(part: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(part, key)
    part.unlink()
    part.write_bytes(b"other")

    storage.store_original(part, key)

    assert stored(key).read_bytes() == b"other"
    assert [path for path in media.rglob("*") if path.is_file()] == [stored(key)]


def test_part_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.store_original(tmp_path / "nothing", uuid4())


def test_file_that_is_missing_fails_alone_and_a_disk_that_is_missing_does_not(part: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(part, key)
    stored(key).unlink()

    with pytest.raises(PermanentError) as file, storage.local_copy(key):
        pass
    shutil.rmtree(media)
    with pytest.raises(EnvironmentalError) as disk, storage.local_copy(key):
        pass

    assert (file.value.code, disk.value.code) == ("file.missing", "storage.away")
    assert not storage.storage_available()


def test_previews_are_replaced_and_go_with_the_original(part: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(part, key)
    storage.save_previews(key, {320: b"first"})
    previews = storage.save_previews(key, {320: b"small"})

    small = storage.read_file(previews["320"])
    storage.delete_files(key, previews)
    storage.delete_files(key, previews)

    assert small == b"small"
    assert [path for path in media.rglob("*") if path.is_file()] == []
    assert not storage.is_stored(key)


def test_preview_that_finds_no_place_waits_for_the_storage(media: Path) -> None:
    (media / "previews").rmdir()
    (media / "previews").write_text("a file where the folder should be")

    with pytest.raises(EnvironmentalError) as trouble:
        storage.save_previews(uuid4(), {320: b"small"})

    assert trouble.value.code == "storage.away"


def test_disk_that_is_full_has_its_own_code(media: Path) -> None:
    key = uuid4()
    name = Path(default_storage.path(storage.preview_name(key, 320)))
    name.parent.mkdir(parents=True)
    draft = name.with_name(f"{name.name}.{os.getpid()}-{get_ident()}")
    draft.symlink_to("/dev/full")

    with pytest.raises(EnvironmentalError) as trouble:
        storage.save_previews(key, {320: b"small"})

    assert trouble.value.code == "storage.full"
    assert not os.path.lexists(draft)


def test_disk_that_is_not_mounted_gets_no_folder_that_would_look_like_an_empty_one(part: Path, media: Path) -> None:
    media.rename(media.with_name("away"))
    media.mkdir()

    with pytest.raises(OSError, match="not mounted"):
        storage.store_original(part, uuid4())
    with pytest.raises(EnvironmentalError) as told:
        storage.save_previews(uuid4(), {320: b"jpeg"})

    assert told.value.code == "storage.away"
    assert not list(media.iterdir())
