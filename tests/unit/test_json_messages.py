"""The JSON messages have the fields documented in docs/live.md."""

import json

import pytest

from batches.live.batch_snapshot import FileInProgress
from batches.live.json_messages import batch_message, file_message
from batches.models import UploadBatch


def test_batch_message_has_the_documented_fields() -> None:
    batch = UploadBatch(id=7, status="processing", total=2000, successful=1277, failed=7)

    assert json.loads(batch_message(batch)) == {
        "type": "batch_progress",
        "batch_id": 7,
        "status": "processing",
        "total": 2000,
        "processed": 1284,
        "successful": 1277,
        "failed": 7,
        "missing": 0,
        "progress_percentage": 64,
    }


@pytest.mark.parametrize(("step", "percentage"), [(0, 0), (1, 0), (2, 16), (6, 83)])
def test_file_message_counts_completed_stages(step: int, percentage: int) -> None:
    file = FileInProgress(1, 4711, "IMG_4417.JPG", "Describing", 3_145_728, step, preview="")

    assert json.loads(file_message(7, file)) == {
        "type": "file_progress",
        "batch_id": 7,
        "upload_id": 4711,
        "file_name": "IMG_4417.JPG",
        "file_size": 3_145_728,
        "progress_percentage": percentage,
        "status": "processing",
    }
