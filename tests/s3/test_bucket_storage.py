"""Files in a bucket can be stored, read and deleted, even by many threads. Each kind of failure has its own error."""

import json
import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import storages

from tests.support.bucket_server import Bucket
from uploads import storage
from uploads.errors import EnvironmentalError, PermanentError
from uploads.storage.orphaned_files import find_orphaned_files

KEY = uuid4()
BYTES = os.urandom(3 * 2**20 + 17)


@pytest.fixture
def partial_file(tmp_path: Path) -> Path:
    path = tmp_path / "partial"
    path.write_bytes(BYTES)
    return path


def test_local_copy_has_the_original_bytes_and_is_removed_after_the_block(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)

    with storage.local_copy(KEY) as path:
        assert path.read_bytes() == BYTES
        assert path.stat().st_size == len(BYTES)
        assert path.stat().st_nlink == 0, "a killed worker would leave the copy behind"

    assert not path.exists()
    assert partial_file.exists()
    assert bucket.names() == {f"home/library/{storage.original_name(KEY)}"}


def test_original_is_read_from_an_offset(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)

    with storage.open_original(KEY, 2**20) as stream:
        first = stream.read(100)

    assert first == BYTES[2**20 : 2**20 + 100]
    with pytest.raises(PermanentError), storage.open_original(uuid4(), 0):
        pass


def test_storing_an_original_again_replaces_it(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)
    partial_file.write_bytes(b"other")

    storage.store_original(partial_file, KEY)

    with storage.local_copy(KEY) as path:
        assert path.read_bytes() == b"other"
    assert len(bucket.names()) == 1


def test_previews_are_replaced_and_deleted_with_the_original(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)
    storage.save_previews(KEY, {320: b"first", 1024: b"large"})
    previews = storage.save_previews(KEY, {320: b"small"})

    small = storage.read_file(previews["320"])
    storage.delete_files(KEY, {"320": storage.preview_name(KEY, 320), "1024": storage.preview_name(KEY, 1024)})
    storage.delete_files(KEY, previews)

    assert small == b"small"
    assert bucket.names() == set()
    assert not storage.is_stored(KEY)


def test_missing_object_is_a_permanent_error(bucket: Bucket) -> None:
    with pytest.raises(PermanentError) as raised, storage.local_copy(KEY):
        pass

    assert raised.value.code == "file.missing"
    assert storage.storage_available()


def test_missing_bucket_is_an_environmental_error(bucket: Bucket) -> None:
    bucket.client.delete_bucket(Bucket=bucket.settings.bucket)

    with pytest.raises(EnvironmentalError) as raised, storage.local_copy(KEY):
        pass

    assert raised.value.code == "storage.away"
    assert not storage.storage_available()


def test_access_denied_is_reported_as_such(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)
    rule = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket.settings.bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
    bucket.client.put_bucket_policy(Bucket=bucket.settings.bucket, Policy=policy)

    with pytest.raises(EnvironmentalError) as reading, storage.local_copy(KEY):
        pass
    with pytest.raises(EnvironmentalError) as writing:
        storage.save_previews(KEY, {320: b"small"})
    with pytest.raises(PermissionError):
        storage.store_original(partial_file, KEY)

    assert reading.value.code == writing.value.code == "storage.denied"


def test_stopped_server_is_reported_as_unavailable(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)
    bucket.server.stop()

    with pytest.raises(EnvironmentalError) as reading, storage.local_copy(KEY):
        pass
    with pytest.raises(EnvironmentalError) as writing:
        storage.save_previews(KEY, {320: b"small"})
    with pytest.raises(ConnectionError):
        storage.store_original(partial_file, KEY)
    with pytest.raises(ConnectionError):
        storage.is_stored(KEY)
    with pytest.raises(ConnectionError):
        list(find_orphaned_files())

    assert reading.value.code == writing.value.code == "storage.away"
    assert not storage.storage_available()


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Make this process fail to write more than `size` bytes to a file. This stands in for a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_local_copy_without_space_is_an_environmental_error(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)

    with file_size_limit(2**20), pytest.raises(EnvironmentalError) as raised, storage.local_copy(KEY):
        pass

    assert raised.value.code == "storage.temp_full"


def test_errors_inside_the_block_are_not_translated(bucket: Bucket, partial_file: Path) -> None:
    storage.store_original(partial_file, KEY)

    with pytest.raises(FileNotFoundError), storage.local_copy(KEY):
        Path("/nowhere").read_bytes()


def test_all_threads_share_one_client(bucket: Bucket) -> None:
    first = storages["default"].connection  # type: ignore[attr-defined]

    assert storages["default"].connection is first  # type: ignore[attr-defined]
    assert first.meta.client.meta.config.max_pool_connections >= 32


def test_many_threads_store_and_read_concurrently(bucket: Bucket, tmp_path: Path) -> None:
    def store_and_read(number: int) -> bool:
        key, source = uuid4(), tmp_path / str(number)
        source.write_bytes(BYTES[number:70_000])
        storage.store_original(source, key)
        with storage.local_copy(key) as copy:
            return copy.read_bytes() == BYTES[number:70_000]

    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(store_and_read, range(32)))

    assert results == [True] * 32
    assert len(bucket.names()) == 32
