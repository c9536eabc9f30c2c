"""Batches with failures, for tests of commands on failures."""

from django.contrib.auth.models import User

from batches.failures import queries
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.failures import fail_stored

CODE = "item.internal"


def failed_batch(owner: User, files: int, name: str = "Iceland", code: str = CODE) -> UploadBatch:
    """Create a batch with `files` failed files and one pending file."""
    batch = make_batch(owner, files + 1, name)
    for _ in range(files):
        fail_stored(batch, code)
    return batch


def open_count(owner: User) -> int:
    """Return the number of failures that the navigation shows."""
    return queries.count_failures(owner.pk)
