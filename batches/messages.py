"""Progress as JSON for programs; docs/live.md describes the fields."""

import json
from collections.abc import Collection

from batches.models import BatchItem, UploadBatch
from batches.progress import STAGES, InHand
from batches.states import ItemStatus


def batch_message(batch: UploadBatch) -> str:
    """Return a `batch_progress`."""
    return json.dumps(
        {
            "type": "batch_progress",
            "batch_id": batch.id,
            "status": batch.status,
            "total": batch.whole,
            "processed": batch.processed,
            "successful": batch.successful,
            "failed": batch.failed,
            "progress_percentage": batch.percent,
        }
    )


def file_message(batch_id: int, file: InHand) -> str:
    """Return a `file_progress` of a file in hand: as many percent as stages are behind it."""
    percent = (file.step - 1) * 100 // len(STAGES)
    return _file_message(batch_id, file.upload_id, (file.name, file.size), percent, "processing")


def ended_messages(item_ids: Collection[int]) -> dict[str, str]:
    """Return the `file_progress` of those of these files that came to an end, by the names of their parts."""
    if not item_ids:
        return {}
    ended = BatchItem.objects.filter(id__in=item_ids, status__in=[ItemStatus.COMPLETED, ItemStatus.FAILED])
    return {
        f"file {item.id}": _file_message(item.batch_id, item.upload_id, (item.filename, item.size), 100, item.status)
        for item in ended
    }


def _file_message(batch_id: int, upload_id: int | None, file: tuple[str, int], percent: int, status: str) -> str:
    name, size = file
    return json.dumps(
        {
            "type": "file_progress",
            "batch_id": batch_id,
            "upload_id": upload_id,
            "file_name": name,
            "file_size": size,
            "progress_percentage": percent,
            "status": status,
        }
    )
