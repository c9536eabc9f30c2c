"""Start reading the text in new pictures, once their imports are done."""

import logging

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from batches.engine.reanalyse import read_library_text, unread_pictures
from batches.engine.refusals import ReanalysisRunning
from batches.models import UploadBatch
from batches.models.states import BatchKind, BatchStatus
from uploads.analysis.ocr.installed_models import MODEL

logger = logging.getLogger(__name__)

TEXT_READING_SECONDS = 30.0


def start_reading() -> list[int]:
    """Start a batch for each owner with unread pictures and no running batch; return the ids of the new batches.

    A paused import does not prevent this, but a paused text batch does, because it is live and each owner may have only
    one live text batch.
    """
    unread = unread_pictures().filter(owner_id=OuterRef("pk"))
    batches = UploadBatch.objects.filter(owner_id=OuterRef("pk"))
    running = batches.filter(status__in=(BatchStatus.PENDING, BatchStatus.PROCESSING))
    paused = batches.filter(kind=BatchKind.TEXT, status=BatchStatus.PAUSED)
    found = []
    for owner_id in User.objects.filter(Exists(unread), ~Exists(running), ~Exists(paused)).values_list("pk", flat=True):
        try:
            batch_id = read_library_text(owner_id, MODEL)
        except ReanalysisRunning:
            continue  # another process has started it
        if batch_id is not None:
            logger.info("Reading the text in new pictures of user %d.", owner_id)
            found.append(batch_id)
    return found
