"""The models of the batch engine. Their tables are the queue; only `batches.engine` changes their processing state."""

from batches.models.archive_entry import ArchiveEntry
from batches.models.attempt import Attempt
from batches.models.batch import UploadBatch
from batches.models.guest_link import GuestLink
from batches.models.item import BatchItem
from batches.models.sidecar import SidecarEntry, SidecarFile
from batches.models.worker import OwnerLastSeen, OwnerSchedule, Worker

__all__ = [
    "ArchiveEntry",
    "Attempt",
    "BatchItem",
    "GuestLink",
    "OwnerLastSeen",
    "OwnerSchedule",
    "SidecarEntry",
    "SidecarFile",
    "UploadBatch",
    "Worker",
]
