"""Storage faults, injected while a drill sends and processes photos."""

from subprocess import CalledProcessError

from django.core.files.storage import default_storage

from batches.engine.status import read_status
from batches.models.states import ItemStatus
from tests.chaos.drill import Drill
from uploads.storage import original_name

LOST_ORIGINALS = 10


def disk_full(drill: Drill) -> None:
    """Keep the media disk full until all workers wait for space and uploads are refused."""
    assert drill.disk is not None
    drill.disk.fill()
    drill.wait_until(lambda: drill.uploader.statuses[507] > 0)
    wait_for_stall(drill, "storage.full")
    drill.disk.free()


def disk_read_only(drill: Drill) -> None:
    """Make the media disk read-only until all workers wait for the storage and uploads are refused."""
    disk = drill.disk
    assert disk is not None

    def remounted() -> bool:
        try:
            disk.remount("ro")
        except CalledProcessError:  # a file is being written
            return False
        return True

    drill.wait_until(remounted)
    drill.wait_until(lambda: drill.uploader.statuses[507] > 0)
    wait_for_stall(drill, "storage.read_only")
    disk.remount("rw")


def originals_deleted(drill: Drill) -> None:
    """Delete the originals of some pending files, and wait until as many files have failed with `file.missing`."""
    drill.wait_until(lambda: drill.count(ItemStatus.PENDING) >= 2 * LOST_ORIGINALS)
    pending = drill.batch.items.filter(status=ItemStatus.PENDING).order_by("-queue_position")
    for item in pending.select_related("upload")[:LOST_ORIGINALS]:
        assert item.upload is not None
        default_storage.delete(original_name(item.upload.key))
    drill.wait_until(lambda: drill.count(ItemStatus.FAILED) == LOST_ORIGINALS)
    assert set(drill.batch.items.filter(status=ItemStatus.FAILED).values_list("error_code", flat=True)) == {
        "file.missing"
    }


def wait_for_stall(drill: Drill, code: str) -> None:
    """Wait until every worker is stalled with `code`. Check that the page says so and that no file has failed."""

    def all_wait() -> bool:
        workers = read_status().workers
        return bool(workers) and all(worker.stall_code == code for worker in workers)

    drill.wait_until(all_wait)
    assert "Waiting for the storage" in drill.page()
    assert drill.count(ItemStatus.FAILED) == 0
