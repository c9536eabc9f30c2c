"""Deleting pictures: what refers to them in batches stays, and says so.

A file in hand for a deleted picture fails at once, so its late finish changes nothing; one that waits fails when its
turn comes (both `item.gone`). Files that came to their end before keep it and lose only their picture. One that failed
of what may pass would then count as one whose bytes never came, and be received into the same row, whose key in storage
is just being removed: so it is told as gone, too.
"""

from collections import Counter
from collections.abc import Collection

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from batches.engine.complete import complete_batches
from batches.engine.refusals import Refused
from batches.messaging import live_events
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import RESENDABLE_CODES, default_message
from batches.models.states import ItemStatus
from uploads.storage.file_deletion import delete_uploads, lock_uploads

TRIES = 5
GONE = "item.gone"


class _Joined(Exception):
    """The same bytes came once more just now, by an item that is not locked yet."""


def delete_pictures(ids: Collection[int]) -> int:
    """Delete pictures with all that is known of them in one transaction; their files follow. Returns how many.

    Ids that are not there (any more) are left out. Raises Refused when the same pictures keep coming meanwhile.
    """
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                deleted, failed, batches = _delete(ids)
        except _Joined:
            continue
        for batch_id in failed:
            complete_batches(batch_id)
        for batch_id in batches:
            live_events.notify_batch_changed(batch_id)
        return deleted
    raise Refused("upload.busy", _("These pictures are being added once more just now. Try again in a moment."))


def _delete(ids: Collection[int]) -> tuple[int, list[int], list[int]]:
    """Items, uploads, batches, each in the order of their ids: so no two transactions wait for each other.

    Returns how many pictures went, the batches with files that failed of it, and all that have to do with them.
    """
    referring = BatchItem.objects.filter(upload_id__in=ids)
    fields = ("id", "batch_id", "status")
    items = list(referring.select_for_update(of=("self",)).order_by("id").values_list(*fields))
    uploads = lock_uploads(ids)
    if referring.count() > len(items):
        raise _Joined
    in_hand = [(id, batch) for id, batch, status in items if status == ItemStatus.PROCESSING]
    _fail([id for id, _ in in_hand])
    _tell_gone([id for id, _, status in items if status == ItemStatus.FAILED])
    BatchItem.objects.filter(id__in=[id for id, _, _ in items]).update(upload=None)
    deleted = delete_uploads(uploads)
    failed = Counter(batch for _, batch in in_hand)
    for batch_id in sorted(failed):
        batch = UploadBatch.all_objects.filter(id=batch_id)
        batch.update(failed=F("failed") + failed[batch_id], updated_at=timezone.now())
    return deleted, sorted(failed), sorted({batch for _, batch, _ in items})


def _tell_gone(failed: list[int]) -> None:
    BatchItem.objects.filter(id__in=failed, error_code__in=RESENDABLE_CODES).update(
        error_code=GONE, error_message=default_message(GONE)
    )


def _fail(items: list[int]) -> None:
    BatchItem.objects.filter(id__in=items).update(
        status=ItemStatus.FAILED,
        stage="",
        claim=None,
        worker=None,
        claimed_until=None,
        finished_at=timezone.now(),
        error_code=GONE,
        error_message=default_message(GONE),
    )
