"""Error codes for disk errors, and the disk space that is kept free."""

import errno
from pathlib import Path

import pytest
from pytest_django import Settings

from batches.intake.disk_space import DiskSpaceLow, disk_fault, require_space


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "storage.full"),
        (errno.EDQUOT, "storage.full"),
        (errno.EROFS, "storage.read_only"),
        (errno.EACCES, "storage.denied"),
        (errno.ENODEV, "storage.away"),
        (errno.EIO, "storage.failed"),
    ],
)
def test_disk_error_has_a_code_and_a_message(number: int, code: str) -> None:
    fault = disk_fault(OSError(number, "reason"))

    assert fault.code == code
    assert "What was received is kept." in fault.message


def test_space_is_kept_free_in_a_folder_that_does_not_exist_yet(settings: Settings, tmp_path: Path) -> None:
    settings.PARTIAL_ROOT = tmp_path / "not" / "made"
    settings.MIN_FREE_BYTES = 2**62

    with pytest.raises(DiskSpaceLow) as low:
        require_space(1)

    assert disk_fault(low.value).code == "storage.full"
    assert "must stay free" in disk_fault(low.value).message
