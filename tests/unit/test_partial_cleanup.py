"""The cleanup discards only partial files that are not needed."""

from datetime import timedelta

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from batches.intake.partial_cleanup import PartialAction, choose_action
from batches.intake.partial_paths import PartialFacts
from batches.models import BatchItem, UploadBatch
from batches.models.states import FINISHED_ITEMS, BatchStatus, ItemStatus


def test_partial_file_without_an_item_is_discarded() -> None:
    assert choose_action(None, PartialFacts(5, 0.0), 0.0) is PartialAction.DISCARD


@given(
    status=st.sampled_from(ItemStatus),
    batch_status=st.sampled_from(BatchStatus),
    code=st.sampled_from(["", "storage.full", "upload.expired", "file.unsupported"]),
    size=st.integers(1, 10),
    age=st.floats(0, 20 * 24 * 3600),
)
def test_resumable_partial_file_is_kept_until_it_expires(
    status: ItemStatus, batch_status: BatchStatus, code: str, size: int, age: float
) -> None:
    batch = UploadBatch(status=batch_status)
    now = timezone.now()
    finished = now - timedelta(seconds=age) if status in {*FINISHED_ITEMS, ItemStatus.MISSING} else None
    item = BatchItem(batch=batch, size=10, status=status, error_code=code, finished_at=finished)

    action = choose_action(item, PartialFacts(size, now.timestamp() - age), now.timestamp())

    resumable = batch_status != "cancelled" and (
        status in {"receiving", "missing"} or (status == "failed" and code == "storage.full")
    )
    if resumable and age < 7 * 24 * 3600 - 1:
        assert action in ({PartialAction.KEEP, PartialAction.FINALIZE} if size == 10 else {PartialAction.KEEP})
    if not resumable:
        assert action is PartialAction.DISCARD
    if action is PartialAction.FINALIZE:
        assert (status, size) == ("receiving", 10)
