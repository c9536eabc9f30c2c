"""Storing originals and previews on a disk, and the error code for each kind of failure."""

import errno
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
from uploads.storage.disk import DiskStorage

BYTES = os.urandom(5000)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """A media folder without files, for one test."""
    folder = tmp_path / "media"
    disk = settings.STORAGES["default"] | {"OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"default": disk}
    storage.prepare_storage()
    return folder


@pytest.fixture
def partial_file(tmp_path: Path) -> Path:
    path = tmp_path / "partial"
    path.write_bytes(BYTES)
    return path


def original_path(key: UUID) -> Path:
    return Path(default_storage.path(storage.original_name(key)))


def test_original_is_a_hard_link_to_the_received_file(partial_file: Path) -> None:
    key = uuid4()

    storage.store_original(partial_file, key)

    assert original_path(key).samefile(partial_file)
    with storage.local_copy(key) as path:
        assert path == original_path(key)


def test_storing_an_original_again_changes_nothing(partial_file: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(partial_file, key)

    storage.store_original(partial_file, key)

    assert original_path(key).samefile(partial_file)
    assert [path for path in media.rglob("*") if path.is_file()] == [original_path(key)]


def test_storing_other_bytes_replaces_the_original(partial_file: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(partial_file, key)
    partial_file.unlink()
    partial_file.write_bytes(b"other")

    storage.store_original(partial_file, key)

    assert original_path(key).read_bytes() == b"other"
    assert [path for path in media.rglob("*") if path.is_file()] == [original_path(key)]


def test_missing_source_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.store_original(tmp_path / "nothing", uuid4())


def test_missing_file_is_permanent_and_missing_disk_environmental(partial_file: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(partial_file, key)
    original_path(key).unlink()

    with pytest.raises(PermanentError) as file, storage.local_copy(key):
        pass
    shutil.rmtree(media)
    with pytest.raises(EnvironmentalError) as disk, storage.local_copy(key):
        pass

    assert (file.value.code, disk.value.code) == ("file.missing", "storage.away")
    assert not storage.storage_available()


@pytest.mark.parametrize("number", [errno.EIO, errno.EUCLEAN])
def test_file_that_the_disk_cannot_find_is_permanent_unless_the_disk_fails(
    partial_file: Path, media: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    damaged, intact, found = uuid4(), uuid4(), Path.stat
    for key in (damaged, intact):
        storage.store_original(partial_file, key)

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path == original_path(damaged):
            raise OSError(number, "failed")
        return found(path, **options)

    monkeypatch.setattr(Path, "stat", stat)

    with storage.local_copy(intact):
        pass
    with pytest.raises(PermanentError) as file, storage.local_copy(damaged):
        pass
    monkeypatch.setattr(DiskStorage, "is_available", lambda _disk: False)
    with pytest.raises(EnvironmentalError) as disk, storage.local_copy(damaged):
        pass

    assert (file.value.code, disk.value.code) == ("original.unreadable", "storage.failed")


def test_previews_are_replaced_and_deleted_with_the_original(partial_file: Path, media: Path) -> None:
    key = uuid4()
    storage.store_original(partial_file, key)
    storage.save_previews(key, {320: b"first"})
    previews = storage.save_previews(key, {320: b"small"})

    small = storage.read_file(previews["320"])
    storage.delete_files(key, previews)
    storage.delete_files(key, previews)

    assert small == b"small"
    assert [path for path in media.rglob("*") if path.is_file()] == []
    assert not storage.is_stored(key)


def test_preview_without_folder_is_an_environmental_error(media: Path) -> None:
    (media / "previews").rmdir()
    (media / "previews").write_text("a file where the folder should be")

    with pytest.raises(EnvironmentalError) as raised:
        storage.save_previews(uuid4(), {320: b"small"})

    assert raised.value.code == "storage.away"


def test_full_disk_is_reported_as_such(media: Path) -> None:
    key = uuid4()
    name = Path(default_storage.path(storage.preview_name(key, 320)))
    name.parent.mkdir(parents=True)
    temporary = name.with_name(f"{name.name}.{os.getpid()}-{get_ident()}")
    temporary.symlink_to("/dev/full")

    with pytest.raises(EnvironmentalError) as raised:
        storage.save_previews(key, {320: b"small"})

    assert raised.value.code == "storage.full"
    assert not os.path.lexists(temporary)


def test_no_folder_is_created_on_an_unmounted_disk(partial_file: Path, media: Path) -> None:
    media.rename(media.with_name("away"))
    media.mkdir()

    with pytest.raises(OSError, match="not mounted"):
        storage.store_original(partial_file, uuid4())
    with pytest.raises(EnvironmentalError) as raised:
        storage.save_previews(uuid4(), {320: b"jpeg"})

    assert raised.value.code == "storage.away"
    assert not list(media.iterdir())
