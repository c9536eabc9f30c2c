"""Start reading the text in new pictures, once their imports are done."""

import logging

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from batches.engine.reanalyse import read_library_text
from batches.engine.refusals import ReanalysisRunning
from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchKind, BatchStatus
from uploads.analysis.ocr.installed_models import MODEL
from uploads.models import TEXT_UNREAD, Upload

logger = logging.getLogger(__name__)

TEXT_READING_SECONDS = 30.0


def start_reading() -> list[int]:
    """Start a batch for each owner with unread pictures and no running batch; return the ids of the new batches.

    A paused import does not prevent this, but a paused text batch does, because each owner may have only one.
    """
    queued = BatchItem.objects.filter(upload_id=OuterRef("pk"), batch__kind=BatchKind.TEXT)
    # Select the same pictures as read_library_text(). Otherwise, every round might call it without finding a picture.
    unread = Upload.objects.filter(TEXT_UNREAD, ~Exists(queued), owner_id=OuterRef("pk"))
    batches = UploadBatch.objects.filter(owner_id=OuterRef("pk"))
    running = batches.filter(status__in=(BatchStatus.PENDING, BatchStatus.PROCESSING))
    paused = batches.filter(kind=BatchKind.TEXT, status=BatchStatus.PAUSED)
    found = []
    for owner_id in User.objects.filter(Exists(unread), ~Exists(running), ~Exists(paused)).values_list("pk", flat=True):
        try:
            batch_id = read_library_text(owner_id, MODEL)
        except ReanalysisRunning:
            continue  # started by another process
        if batch_id is not None:
            logger.info("Reading the text in new pictures of user %d.", owner_id)
            found.append(batch_id)
    return found
