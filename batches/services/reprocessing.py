"""Commands that process stored files again: they retry failed files or re-analyse a whole batch."""

from django.utils.translation import gettext as _

from batches.engine import reanalyse, retry
from batches.engine.refusals import Refused
from batches.models import BatchItem, UploadBatch, error_codes
from batches.models.scope import Scope
from batches.models.states import BatchStatus, ItemStatus
from batches.services.batch_commands import batch_refusal, current_status


def retry_failed(scope: Scope, batch_id: int) -> int:
    """Queue those failed files of a batch whose bytes are stored and whose error is not permanent; return how many.

    Raises NotFound, Refused.
    """
    batch = scope.find_batch(batch_id)
    queued = retry.retry_failed(batch_id, error_codes.PERMANENT_CODES)
    if queued:
        return queued
    if current_status(batch) == BatchStatus.CANCELLED:
        raise batch_refusal(batch)
    if batch.failed:
        message = _("Retrying won't help. Repair the files and upload them again.")
        raise Refused("batch.nothing_to_retry", message)
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


def _reanalysis_refusal(source: UploadBatch) -> Refused:
    status = current_status(source)
    if status == BatchStatus.CANCELLED:
        return batch_refusal(source)
    if status != BatchStatus.COMPLETED:
        message = _("“%(name)s” isn't finished yet. Wait until it is, then try again.")
        return Refused("batch.unfinished", message % {"name": source.name})
    if not source.items.filter(upload__isnull=False).exists():
        message = _("No pictures of “%(name)s” are stored.")
        return Refused("batch.nothing_stored", message % {"name": source.name})
    return Refused("batch.busy", _("This import has just changed. Check it, then try again."))


def _item_refusal(item: BatchItem) -> Refused:
    if item.status == ItemStatus.COMPLETED:
        code, message = "item.completed", _("“%(name)s” is already described; there is nothing to retry.")
    elif item.status != ItemStatus.FAILED:
        code, message = "item.not_failed", _("“%(name)s” hasn't failed; there is nothing to retry.")
    elif item.upload_id is None:
        code, message = "item.not_stored", _("“%(name)s” wasn't stored. Repair it and upload it again.")
    else:
        code, message = "item.permanent", _("Retrying “%(name)s” won't help. Repair it and upload it again.")
    return Refused(code, message % {"name": item})
