"""Build the JSON messages for programs; docs/live.md describes the fields."""

import json
from collections.abc import Collection

from batches.live.batch_snapshot import STAGES, FileInProgress
from batches.models import BatchItem, UploadBatch
from batches.models.states import WAITING_ITEMS, ItemStatus


def batch_message(batch: UploadBatch) -> str:
    return json.dumps(
        {
            "type": "batch_progress",
            "batch_id": batch.id,
            "status": batch.status,
            "total": batch.expected_total,
            "processed": batch.processed,
            "successful": batch.successful,
            "failed": batch.failed,
            "missing": batch.never_arrived,
            "progress_percentage": batch.percent,
        }
    )


def file_message(batch_id: int, file: FileInProgress) -> str:
    """Return a `file_progress` message for a file in progress; its percentage is the share of completed stages."""
    percent = max(0, file.step - 1) * 100 // len(STAGES)
    return _file_message(batch_id, file.upload_id, (file.name, file.size), percent, "processing")


def ended_messages(item_ids: Collection[int]) -> dict[str, str]:
    """Return a `file_progress` message for each item in `item_ids` that is no longer in progress, by fragment name.

    An item that was put back into the queue is reported as pending.
    """
    if not item_ids:
        return {}
    ended = BatchItem.objects.filter(id__in=item_ids).exclude(status=ItemStatus.PROCESSING)
    return {f"file {item.id}": _ended_message(item) for item in ended}


def _ended_message(item: BatchItem) -> str:
    is_waiting = item.status in WAITING_ITEMS
    percent, status = (0, str(ItemStatus.PENDING)) if is_waiting else (100, item.status)
    return _file_message(item.batch_id, item.upload_id, (item.filename, item.size), percent, status)


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
