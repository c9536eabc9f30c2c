"""Read the data for the live fragments of a batch page, using a few cheap queries."""

from dataclasses import dataclass

from batches.engine.missing_files import interrupted_uploads
from batches.engine.stall_reason import StallReason, stall_reasons
from batches.failures.batch_failures import BatchFailures, read_failures
from batches.live.ledger import Ledger, read_ledger
from batches.live.story import Story, read_story
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES
from batches.models.states import LIVE_BATCHES, BatchKind, BatchStatus, ItemStatus, Stage
from uploads.preview_urls import LIST_SIDE, preview_url

STAGES = tuple(stage for stage in Stage if stage != Stage.READING)
"""The stages of a picture that is imported or described again."""
FILES_SHOWN = 8
FILES_WITH_PREVIEW_SHOWN = 4
"""The maximum number of files shown if any has a preview. It is low, because previews make WebSocket frames larger."""
PREVIEW_FIELDS = ("upload__previews", "upload__key", "upload__processed_at")


@dataclass(frozen=True, slots=True)
class FileInProgress:
    """A file that a worker is processing. `step` is the number of its stage, starting at 1, or 0 if it has no stage.

    `preview` is the URL of its preview, or blank if there is none yet.
    """

    id: int
    upload_id: int | None
    name: str
    stage_label: str
    size: int
    step: int
    preview: str


@dataclass(frozen=True, slots=True)
class BatchSnapshot:
    """The state of a batch.

    `in_progress` lists only the files to show; `in_progress_total` is the number of all files in progress.
    `interrupted` is the number of missing files if the upload was interrupted, otherwise 0. `ledger` and `story` are
    None unless this is an import with no work left.
    """

    batch: UploadBatch
    in_progress: tuple[FileInProgress, ...]
    in_progress_total: int
    failures: BatchFailures
    stall: StallReason | None
    interrupted: int
    ledger: Ledger | None
    story: Story | None

    @property
    def waiting(self) -> int:
        """How many files are neither finished nor in progress."""
        return max(0, self.batch.remaining - self.in_progress_total)

    @property
    def in_progress_more(self) -> int:
        """How many files in progress are not shown."""
        return self.in_progress_total - len(self.in_progress)

    @property
    def retryable(self) -> int:
        """How many failed files can be retried."""
        if self.batch.status == BatchStatus.CANCELLED:
            return 0
        return self.failures.retryable

    @property
    def has_missing_files(self) -> bool:
        """Whether this is an import that may lack files, which its owner can send by choosing the same folder again."""
        batch = self.batch
        if batch.kind != BatchKind.IMPORT or batch.status == BatchStatus.CANCELLED:
            return False
        has_resendable = not RESENDABLE_CODES.isdisjoint(self.failures.stored)
        return batch.sealed_at is None or batch.never_arrived > 0 or has_resendable

    @property
    def unfinished(self) -> bool:
        """Whether the batch is live: pending, processing or paused."""
        return self.batch.status in LIVE_BATCHES


def read_snapshot(batch_id: int, previous: BatchSnapshot | None = None) -> BatchSnapshot | None:
    """Return the state of a batch, or None if it does not exist.

    The failures of `previous` are reused if the batch's failure count, status and completion time have not changed. Its
    ledger and story are reused if the number of found files is also the same.
    """
    batch = UploadBatch.objects.select_related("source").filter(id=batch_id).first()
    if batch is None:
        return None
    in_progress, in_progress_total = read_in_progress(batch)
    stall = stall_reasons([batch]).get(batch.id)
    interrupted = interrupted_uploads([batch]).get(batch.id, 0)
    failures = _read_failures(batch, previous)
    ledger, story = _read_outcome(batch, failures, previous)
    return BatchSnapshot(batch, in_progress, in_progress_total, failures, stall, interrupted, ledger, story)


def read_in_progress(batch: UploadBatch) -> tuple[tuple[FileInProgress, ...], int]:
    """Return the files in progress to show, and how many files are in progress in total."""
    files = _read_files(batch.id) if batch.remaining else []
    shown = FILES_WITH_PREVIEW_SHOWN if any(file.preview for file in files) else FILES_SHOWN
    return tuple(files[:shown]), len(files)


def _read_failures(batch: UploadBatch, previous: BatchSnapshot | None) -> BatchFailures:
    if previous and _has_same_failures(previous.batch, batch):
        return previous.failures
    return read_failures(batch.id) if batch.failed else BatchFailures({}, {}, ())


def _read_outcome(
    batch: UploadBatch, failures: BatchFailures, previous: BatchSnapshot | None
) -> tuple[Ledger | None, Story | None]:
    if (
        previous
        and previous.ledger
        and previous.batch.found == batch.found
        and _has_same_failures(previous.batch, batch)
    ):
        return previous.ledger, previous.story
    ledger = read_ledger(batch, failures)
    return ledger, read_story(batch) if ledger else None


def _has_same_failures(previous: UploadBatch, batch: UploadBatch) -> bool:
    return (previous.failed, previous.status, previous.completed_at) == (batch.failed, batch.status, batch.completed_at)


def _read_files(batch_id: int) -> list[FileInProgress]:
    # Sort in Python, because with ORDER BY id the planner may not use the small item_processing index.
    items = BatchItem.objects.filter(batch_id=batch_id, status=ItemStatus.PROCESSING)
    rows = items.select_related("upload").only("filename", "size", "stage", *PREVIEW_FIELDS)
    return [_file_in_progress(item) for item in sorted(rows, key=lambda item: item.id)]


def step_of(stage: str) -> int:
    """Return a stage's position in STAGES, starting at 1; 0 if blank. Reading text counts as describing."""
    if not stage:
        return 0
    return STAGES.index(Stage.DESCRIBING if stage == Stage.READING else Stage(stage)) + 1


def _file_in_progress(item: BatchItem) -> FileInProgress:
    preview = preview_url(item.upload, LIST_SIDE) if item.upload else ""
    step = step_of(item.stage)
    stage_label = str(Stage(item.stage).label if item.stage else ItemStatus.PROCESSING.label)
    return FileInProgress(item.id, item.upload_id, item.filename, stage_label, item.size, step, preview)
