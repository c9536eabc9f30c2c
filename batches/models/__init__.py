"""Rows of the batch engine. They are the queue and the only truth; `batches.engine` alone writes their state."""

from batches.models.attempt import Attempt
from batches.models.batch import UploadBatch
from batches.models.crew import OwnerLook, OwnerTurn, Worker
from batches.models.item import BatchItem

__all__ = ["Attempt", "BatchItem", "OwnerLook", "OwnerTurn", "UploadBatch", "Worker"]
