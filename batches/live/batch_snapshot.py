"""What pages show of a batch, read in a few cheap queries: counts from its row, failures by batches.failures.batch_failures."""

from dataclasses import dataclass

from batches.engine.stall_reason import StallReason, stall_reasons
from batches.failures.batch_failures import BatchFailures, read_failures
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES
from batches.models.states import LIVE_BATCHES, BatchKind, BatchStatus, ItemStatus, Stage
from uploads.preview_urls import LIST_SIDE, preview_url

FILES_SHOWN = 8
FILES_WITH_PREVIEW_SHOWN = 4
"""The same where they have pictures from before: a frame stays as small."""
STAGES = tuple(Stage)
PICTURE = ("upload__previews", "upload__key", "upload__processed_at")


@dataclass(frozen=True, slots=True)
class FileInProgress:
    """A file that a worker has right now. `stage_label` names its stage; `step` counts them from 1, 0 is between two.

    `picture` is the address of its preview, if it has one from before.
    """

    id: int
    upload_id: int | None
    name: str
    stage_label: str
    size: int
    step: int
    picture: str


@dataclass(frozen=True, slots=True)
class BatchSnapshot:
    """Everything above the list of files, as of one moment; `still` says why nothing goes on."""

    batch: UploadBatch
    in_progress: tuple[FileInProgress, ...]
    in_progress_total: int
    failures: BatchFailures
    stall: StallReason | None

    @property
    def waiting_for(self) -> str:
        """What it waits for, in one line; blank while work goes on."""
        return self.stall.text if self.stall else ""

    @property
    def waiting(self) -> int:
        """Files on their way or queued, and in nobody's hand."""
        return max(0, self.batch.remaining - self.in_progress_total)

    @property
    def in_progress_more(self) -> int:
        """How many files in hand are not named."""
        return self.in_progress_total - len(self.in_progress)

    @property
    def retryable(self) -> int:
        """How many failed files could be tried again."""
        if self.batch.status == BatchStatus.CANCELLED:
            return 0
        return self.failures.retryable

    @property
    def has_missing_files(self) -> bool:
        """Whether files were announced that have not come, so that their folder may be chosen again."""
        batch = self.batch
        if batch.kind != BatchKind.IMPORT or batch.status == BatchStatus.CANCELLED:
            return False
        given_up = not RESENDABLE_CODES.isdisjoint(self.failures.stored)
        return batch.sealed_at is None or (batch.expected_items or 0) > batch.total or given_up

    @property
    def unfinished(self) -> bool:
        """Whether more is to come."""
        return self.batch.status in LIVE_BATCHES


def read_snapshot(batch_id: int, before: BatchSnapshot | None = None) -> BatchSnapshot | None:
    """Look at a batch; None when it is gone. The failures of the snapshot `before` are kept while none came or went."""
    batch = UploadBatch.objects.select_related("source").filter(id=batch_id).first()
    if batch is None:
        return None
    in_progress, in_progress_total = read_in_progress(batch)
    stall = stall_reasons([batch]).get(batch.id)
    return BatchSnapshot(batch, in_progress, in_progress_total, _failures(batch, before), stall)


def read_in_progress(batch: UploadBatch) -> tuple[tuple[FileInProgress, ...], int]:
    """Return the files in hand that are shown, and how many there are."""
    in_progress = _read_files(batch.id) if batch.remaining else []
    shown = FILES_WITH_PREVIEW_SHOWN if any(file.picture for file in in_progress) else FILES_SHOWN
    return tuple(in_progress[:shown]), len(in_progress)


def _failures(batch: UploadBatch, before: BatchSnapshot | None) -> BatchFailures:
    if before and _same_failures(before.batch, batch):
        return before.failures
    return read_failures(batch.id) if batch.failed else BatchFailures({}, ())


def _same_failures(before: UploadBatch, now: UploadBatch) -> bool:
    return (before.failed, before.status, before.completed_at) == (now.failed, now.status, now.completed_at)


def _read_files(batch_id: int) -> list[FileInProgress]:
    # Sorted here: an ORDER BY id would tempt the planner away from the small index of files in hand.
    items = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.PROCESSING)
    rows = items.select_related("upload").only("filename", "size", "stage", *PICTURE)
    return [_file_in_progress(item) for item in sorted(rows, key=lambda item: item.id)]


def _file_in_progress(item: BatchItem) -> FileInProgress:
    picture = preview_url(item.upload, LIST_SIDE) if item.upload else ""
    step = STAGES.index(Stage(item.stage)) + 1 if item.stage else 0
    stage_label = str(Stage(item.stage).label if item.stage else ItemStatus.PROCESSING.label)
    return FileInProgress(item.id, item.upload_id, item.filename, stage_label, item.size, step, picture)
