"""Commands that process stored files again: retry failed files, or re-analyse a batch, a library or a selection."""

from collections.abc import Collection

from django.conf import settings

from batches.engine import reanalyse, retry
from batches.engine.refusals import Refused
from batches.models import BatchItem, UploadBatch, error_codes
from batches.models.scope import NotFound, Scope
from batches.models.states import BatchStatus, ItemStatus
from batches.services.batch_commands import batch_refusal, current_status
from batches.services.selection import require_few
from uploads.search.encoders import site_model


def retry_failed(scope: Scope, batch_id: int) -> int:
    """Queue a batch's failed files that are stored and whose error is not permanent; return how many were queued.

    Raises NotFound, Refused.
    """
    batch = scope.find_batch(batch_id)
    queued = retry.retry_failed(batch_id, error_codes.PERMANENT_CODES)
    if queued:
        return queued
    if current_status(batch) == BatchStatus.CANCELLED:
        raise batch_refusal(batch)
    if batch.failed:
        raise Refused("failures.permanent")
    return 0


def retry_item(scope: Scope, item_id: int) -> bool:
    """Queue one failed file again; return False if it is already queued or in progress. Raises NotFound, Refused."""
    item = scope.find_item(item_id)
    batch = item.batch
    if error_codes.is_retryable(item.error_code) and retry.retry_item(item_id):
        return True
    item.refresh_from_db()
    if item.status in {ItemStatus.PENDING, ItemStatus.PROCESSING}:
        return False
    raise batch_refusal(batch) if current_status(batch) == BatchStatus.CANCELLED else _item_refusal(item)


def reanalyse_batch(scope: Scope, batch_id: int) -> int:
    """Describe all stored pictures of a batch again; return the id of the re-analysis batch.

    Raises NotFound, Refused.
    """
    batch = scope.find_batch(batch_id)
    reanalysis_id = reanalyse.reanalyse_batch(batch_id)
    if reanalysis_id is None:
        raise _reanalysis_refusal(batch.source or batch)
    return reanalysis_id


def count_library(scope: Scope) -> int:
    """Return how many pictures of the user's own library `reanalyse_library` would describe again."""
    return reanalyse.count_library(scope.user_id)


def reanalyse_library(scope: Scope, owner_id: int, *, only_missing: bool = False) -> int:
    """Describe all of an owner's pictures again; return the id of the re-analysis batch.

    With `only_missing`, describe only pictures without a vector of the site's current model. Raises Refused, and
    NotFound if the scope does not cover the owner.
    """
    if scope.user_id != owner_id and not scope.covers_all():
        raise NotFound
    model = site_model() or settings.EMBEDDER
    reanalysis_id = reanalyse.reanalyse_library(owner_id, model, only_missing=only_missing)
    if reanalysis_id is None:
        raise Refused("library.nothing_to_describe")
    return reanalysis_id


def reanalyse_pictures(scope: Scope, ids: Collection[int]) -> int:
    """Describe some of the user's own pictures again; return the id of the re-analysis batch. Raises Refused."""
    require_few(ids)
    reanalysis_id = reanalyse.reanalyse_selection(scope.user_id, ids)
    if reanalysis_id is None:
        raise Refused("library.nothing_to_describe")
    return reanalysis_id


def _reanalysis_refusal(source: UploadBatch) -> Refused:
    status = current_status(source)
    if status == BatchStatus.CANCELLED:
        return batch_refusal(source)
    if status != BatchStatus.COMPLETED:
        return Refused("batch.unfinished", name=source.name)
    if not source.items.filter(status=ItemStatus.COMPLETED, upload__isnull=False).exists():
        return Refused("batch.nothing_stored", name=source.name)
    return Refused("batch.busy")


def _item_refusal(item: BatchItem) -> Refused:
    if item.status == ItemStatus.COMPLETED:
        return Refused("item.completed", name=item)
    if item.status != ItemStatus.FAILED:
        return Refused("item.not_failed", name=item)
    if item.upload_id is None:
        return Refused("item.not_stored", name=item)
    return Refused("item.permanent", name=item)
