"""Partial files: a single writer, exact bytes, hard links and running digests."""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from pytest_django import Settings

from batches.intake.partial_file import PartialFileBusy, locked_partial
from batches.intake.partial_paths import partial_path
from batches.intake.running_hashes import RunningHashes

ITEM = 7


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.PARTIAL_ROOT = tmp_path / "partial"
    return tmp_path


def test_partial_file_is_never_locked_after_it_was_removed() -> None:
    wrong: list[str] = []

    def write_and_delete(mark: bytes) -> None:
        done = 0
        while done < 150:
            with suppress(PartialFileBusy), locked_partial(ITEM) as partial:
                partial.append(mark)
                if not partial.path.exists() or partial.path.read_bytes() != mark:
                    wrong.append(f"{mark!r} was written elsewhere")
                partial.delete()
                done += 1

    threads = [
        threading.Thread(target=write_and_delete, args=[bytes([65 + number])], daemon=True) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def test_partial_file_that_is_also_in_storage_is_replaced(folder: Path) -> None:
    stored = folder / "stored"
    with locked_partial(ITEM) as partial:
        partial.append(b"all of it")
        os.link(partial.path, stored)  # as if the process had been killed after creating this link

    with locked_partial(ITEM) as partial:
        partial.truncate(0)
        partial.append(b"half")
        with pytest.raises(PartialFileBusy), locked_partial(ITEM):
            pass

    assert stored.read_bytes() == b"all of it"
    assert partial_path(ITEM).read_bytes() == b"half"


def test_running_hashes_are_bounded() -> None:
    hashes = RunningHashes(limit=2)
    stat = Path(__file__).stat()

    for item_id in (1, 2, 3):
        hashes.put(item_id, stat, hashlib.sha256())

    assert hashes.take(1, stat) is None
    assert hashes.take(3, stat) is not None
    assert hashes.take(3, stat) is None
