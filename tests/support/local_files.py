"""Add a single local file to a batch."""

from pathlib import Path

from batches.intake.local_files import find_existing, inspect_file, receive_local_file
from batches.intake.outcome import IntakeOutcome
from batches.models import UploadBatch


def receive_path(batch: UploadBatch, path: Path, relative_path: str) -> IntakeOutcome:
    """Inspect and add one file; see `receive_local_file`."""
    local = inspect_file(path, relative_path)
    return receive_local_file(batch, local, find_existing(batch, [local]))
