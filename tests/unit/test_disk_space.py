"""Disk errors have error codes, and some space on the disk is kept free."""

import errno
from pathlib import Path

import pytest
from pytest_django import Settings

from batches.intake.disk_space import DiskSpaceLow, disk_error_code, disk_outage, require_space


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "storage.full"),
        (errno.EDQUOT, "storage.full"),
        (errno.EROFS, "storage.read_only"),
        (errno.EACCES, "storage.denied"),
        (errno.ENODEV, "storage.away"),
        (errno.EREMOTEIO, "storage.away"),
        (errno.EIO, "storage.failed"),
    ],
)
def test_disk_error_has_a_code(number: int, code: str) -> None:
    assert disk_error_code(OSError(number, "reason")) == code


def test_space_is_kept_free_in_a_folder_that_does_not_exist_yet(settings: Settings, tmp_path: Path) -> None:
    settings.PARTIAL_ROOT = tmp_path / "not" / "made"
    settings.MIN_FREE_BYTES = 2**62

    with pytest.raises(DiskSpaceLow) as low:
        require_space(1)

    assert disk_error_code(low.value) == "storage.full"
    assert "must stay free" in str(low.value)


def test_disk_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "batches.intake.disk_space")
    disk_outage.report(None)
    caplog.clear()

    for _request in range(3):
        disk_error_code(OSError(errno.EIO, "Input/output error"))
    disk_outage.report(None)

    messages = [record.getMessage() for record in caplog.records if record.name == "batches.intake.disk_space"]
    assert messages == [
        "Files cannot be received: [Errno 5] Input/output error",
        "Files can be received again.",
    ]
