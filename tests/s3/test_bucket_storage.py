"""Originals and previews in a bucket: stored whole, read in small pieces, and every trouble has its own code."""

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

from tests.s3.bucket_server import BucketServer
from uploads import storage
from uploads.errors import EnvironmentalError, PermanentError

KEY = uuid4()
BYTES = os.urandom(3 * 2**20 + 17)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "part"
    path.write_bytes(BYTES)
    return path


def test_original_comes_back_and_its_copy_goes_with_the_block(bucket: BucketServer, part: Path) -> None:
    storage.store_original(part, KEY)

    with storage.local_copy(KEY) as path:
        assert path.read_bytes() == BYTES
        assert path.stat().st_size == len(BYTES)
        assert path.stat().st_nlink == 0, "a killed worker would leave it behind"

    assert not path.exists()
    assert part.exists()
    assert bucket.names() == {f"home/library/{storage.original_name(KEY)}"}


def test_original_stored_again_is_one_object_with_the_new_bytes(bucket: BucketServer, part: Path) -> None:
    storage.store_original(part, KEY)
    part.write_bytes(b"other")

    storage.store_original(part, KEY)

    with storage.local_copy(KEY) as path:
        assert path.read_bytes() == b"other"
    assert len(bucket.names()) == 1


def test_original_above_the_size_of_one_request_comes_back_whole(bucket: BucketServer, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(BYTES * 22)

    storage.store_original(big, KEY)

    with storage.local_copy(KEY) as path:
        assert path.read_bytes() == BYTES * 22
    assert bucket.client.head_object(Bucket=bucket.settings.bucket, Key=f"home/library/{storage.original_name(KEY)}")[
        "ETag"
    ].endswith('-9"')


def test_previews_replace_each_other_and_go_with_the_original(bucket: BucketServer, part: Path) -> None:
    storage.store_original(part, KEY)
    storage.save_previews(KEY, {320: b"first", 1024: b"large"})
    previews = storage.save_previews(KEY, {320: b"small"})

    small = storage.read_file(previews["320"])
    storage.delete_files(KEY, {"320": storage.preview_name(KEY, 320), "1024": storage.preview_name(KEY, 1024)})
    storage.delete_files(KEY, previews)

    assert small == b"small"
    assert bucket.names() == set()
    assert not storage.is_stored(KEY)


def test_object_that_is_missing_fails_its_file_alone(bucket: BucketServer) -> None:
    with pytest.raises(PermanentError) as trouble, storage.local_copy(KEY):
        pass

    assert trouble.value.code == "file.missing"
    assert storage.storage_available()


def test_bucket_that_is_missing_is_no_fault_of_a_file(bucket: BucketServer) -> None:
    bucket.client.delete_bucket(Bucket=bucket.settings.bucket)

    with pytest.raises(EnvironmentalError) as trouble, storage.local_copy(KEY):
        pass

    assert trouble.value.code == "storage.away"
    assert not storage.storage_available()


def test_access_denied_has_its_own_code(bucket: BucketServer, part: Path) -> None:
    storage.store_original(part, KEY)
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
        storage.store_original(part, KEY)

    assert reading.value.code == writing.value.code == "storage.denied"


def test_server_that_is_away_is_said_to_be(bucket: BucketServer, part: Path) -> None:
    storage.store_original(part, KEY)
    bucket.stop()

    with pytest.raises(EnvironmentalError) as reading, storage.local_copy(KEY):
        pass
    with pytest.raises(EnvironmentalError) as writing:
        storage.save_previews(KEY, {320: b"small"})
    with pytest.raises(ConnectionError):
        storage.store_original(part, KEY)
    with pytest.raises(ConnectionError):
        storage.is_stored(KEY)

    assert reading.value.code == writing.value.code == "storage.away"
    assert not storage.storage_available()


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Let the system refuse larger files to this process, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_copy_that_finds_no_room_has_its_own_code(bucket: BucketServer, part: Path) -> None:
    storage.store_original(part, KEY)

    with no_file_above(2**20), pytest.raises(EnvironmentalError) as trouble, storage.local_copy(KEY):
        pass

    assert trouble.value.code == "storage.temp_full"


def test_trouble_while_the_copy_is_used_is_not_laid_on_the_storage(bucket: BucketServer, part: Path) -> None:
    storage.store_original(part, KEY)

    with pytest.raises(FileNotFoundError), storage.local_copy(KEY):
        Path("/nowhere").read_bytes()


def test_all_threads_share_one_client(bucket: BucketServer) -> None:
    first = storages["default"].connection  # type: ignore[attr-defined]

    assert storages["default"].connection is first  # type: ignore[attr-defined]
    assert first.meta.client.meta.config.max_pool_connections >= 32


def test_many_threads_store_and_read_at_once(bucket: BucketServer, tmp_path: Path) -> None:
    def there_and_back(number: int) -> bool:
        key, part = uuid4(), tmp_path / str(number)
        part.write_bytes(BYTES[number:70_000])
        storage.store_original(part, key)
        with storage.local_copy(key) as path:
            return path.read_bytes() == BYTES[number:70_000]

    with ThreadPoolExecutor(16) as threads:
        whole = list(threads.map(there_and_back, range(64)))

    assert whole == [True] * 64
    assert len(bucket.names()) == 64
