"""Other requests and commands work while a file is being finalized."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import ClassVar

import pytest
from pytest_django import Settings

from batches.engine.cancel import cancel_batch
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured
from tests.support.waiting import wait_until
from uploads.models import Upload
from uploads.storage.disk import DiskStorage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
JPEG = encoded(textured(320, 240), "JPEG")


class BlockingDisk(DiskStorage):
    """A storage that blocks in `store_file` and `delete_files` until `go` is set."""

    waiting: ClassVar[list[str]] = []
    go: ClassVar[Event] = Event()

    def store_file(self, source: Path, name: str) -> None:
        self._wait(name)
        super().store_file(source, name)

    def delete_files(self, names: Iterable[str]) -> None:
        names = list(names)
        self._wait(names[0])
        super().delete_files(names)

    def _wait(self, name: str) -> None:
        self.waiting.append(name)
        assert self.go.wait(60)


@pytest.fixture
def slow(settings: Settings) -> type[BlockingDisk]:
    backend = settings.STORAGES["default"] | {"BACKEND": f"{__name__}.BlockingDisk"}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    BlockingDisk.waiting.clear()
    BlockingDisk.go.clear()
    return BlockingDisk


def test_slow_finalizations_block_no_other_request(
    tus: TusClient, batch: UploadBatch, slow: type[BlockingDisk]
) -> None:
    locations = [tus.create(batch.id, f"{n}.jpg", len(JPEG) + n).headers["location"] for n in range(5)]
    with ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(tus.patch, locations[n], 0, JPEG + b"x" * n) for n in range(4)]
        try:
            wait_until(lambda: len(slow.waiting) == 4, 30)

            assert tus.head(locations[4]).status == 200
            assert tus.create(batch.id, "other.jpg", 10**6).status == 201
            assert tus.patch(locations[4], 0, JPEG, declared=False, end="cut").status == 0
            assert not slow.go.is_set()
        finally:
            slow.go.set()
        assert [end.result().status for end in ends] == [204] * 4
    assert Upload.objects.count() == 4


@pytest.mark.parametrize("how", ["head", "creation", "withdrawal"])
def test_complete_files_found_later_block_no_other_request(
    tus: TusClient, batch: UploadBatch, slow: type[BlockingDisk], partial_root: Path, how: str
) -> None:
    other = tus.create(batch.id, "other.jpg", 10**6).headers["location"]
    locations = [tus.create(batch.id, f"{n}.jpg", len(JPEG) + n).headers["location"] for n in range(5)]
    partial_root.mkdir()
    for n, location in enumerate(locations):  # as if the storage had been unavailable when the files became complete
        (partial_root / location.rpartition("/")[2]).write_bytes(JPEG + b"x" * n)

    def find(n: int) -> int:
        if how == "withdrawal":
            return tus.request("DELETE", locations[n]).status
        return (tus.head(locations[n]) if how == "head" else tus.create(batch.id, f"{n}.jpg", len(JPEG) + n)).status

    with ThreadPoolExecutor(6) as pool:
        found = [pool.submit(find, n) for n in range(5)]
        try:
            wait_until(lambda: len(slow.waiting) == 4, 30)

            assert pool.submit(tus.head, other).result(30).status == 200
            assert not slow.go.is_set()
        finally:
            slow.go.set()
        assert {end.result() for end in found} <= {200, 201, 204}


def test_batch_cancelled_while_a_file_is_stored_is_reported(
    tus: TusClient, batch: UploadBatch, slow: type[BlockingDisk]
) -> None:
    location = tus.create(batch.id, "a.jpg", len(JPEG)).headers["location"]
    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(tus.patch, location, 0, JPEG)
        wait_until(lambda: bool(slow.waiting), 30)
        cancel_batch(batch.id)
        slow.go.set()
        answer = end.result()

    assert (answer.status, answer.text.partition(":")[0]) == (410, "batch.cancelled")
    assert not Upload.objects.exists()
