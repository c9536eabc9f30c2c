"""Keep searches fast and complete: replace vectors after the model has changed, and build vector indexes.

This runs on a separate thread in every worker process, because building a large index takes a long time.
"""

import logging
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Subquery

from batches.engine.reanalyse import reanalyse_library
from batches.engine.refusals import ReanalysisRunning
from batches.models import UploadBatch
from batches.models.states import LIVE_BATCHES, BatchStatus
from uploads.models import Embedding
from uploads.search.encoders import site_model
from uploads.search.replaced_vectors import remove_replaced_vectors
from uploads.search.vector_index import maintain_indexes

logger = logging.getLogger(__name__)

SEARCH_MAINTENANCE_SECONDS = 600.0
OVERLAP = timedelta(minutes=5)
"""A re-analysis does not see pictures from uncommitted transactions. No transaction stays open longer than this."""


def maintain_search() -> None:
    """Run one round. Each step can be repeated, interrupted and run by several processes at once."""
    model = site_model()
    if model is not None:
        start_updates(model)
        remove_replaced_vectors(model)
    maintain_indexes()


def start_updates(model: str) -> list[int]:
    """Start a re-analysis for each owner of pictures that have only vectors of other models; return the batch ids.

    No re-analysis is started while one for this model is live, or after one was cancelled. Another is started only if
    pictures were processed after the last one began: while workers are being replaced one by one, the old ones still
    compute vectors with their own model.
    """
    others = Embedding.objects.filter(owner_id=OuterRef("pk")).exclude(model=model)
    updates = UploadBatch.all_objects.filter(owner_id=OuterRef("pk"), model=model)
    blocking = updates.filter(status__in=(*LIVE_BATCHES, BatchStatus.CANCELLED))
    owners = User.objects.filter(Exists(others), ~Exists(blocking))
    found = []
    for owner_id, last in owners.values_list("pk", Subquery(updates.order_by("-created_at").values("created_at")[:1])):
        if last is not None and not _has_outdated(owner_id, model, last - OVERLAP):
            continue
        try:
            batch_id = reanalyse_library(owner_id, model, only_missing=True)
        except ReanalysisRunning:
            continue
        if batch_id is not None:
            logger.info("Computing vectors of the model %s for the pictures of user %d.", model, owner_id)
            found.append(batch_id)
    return found


def _has_outdated(owner_id: int, model: str, since: datetime) -> bool:
    """Return whether the owner has a picture that was processed after `since` and has only vectors of other models."""
    vector = Embedding.objects.filter(upload=OuterRef("upload"), model=model)
    others = Embedding.objects.filter(owner_id=owner_id, upload__processed_at__gt=since).exclude(model=model)
    return others.filter(~Exists(vector)).exists()
