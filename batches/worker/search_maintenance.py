"""Keep searches fast and complete: compute missing vectors after the model has changed, and build vector indexes.

This runs on a separate thread in every worker process, because building a large index takes a long time.
"""

import logging

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from batches.engine.reanalyse import reanalyse_library
from batches.engine.refusals import ReanalysisRunning
from batches.models import UploadBatch
from uploads.models import Embedding
from uploads.search.encoders import site_model
from uploads.search.replaced_vectors import remove_replaced_vectors
from uploads.search.vector_index import maintain_indexes

logger = logging.getLogger(__name__)

SEARCH_MAINTENANCE_SECONDS = 600.0


def maintain_search() -> None:
    """Run one round. Each step can be repeated, interrupted and run by several processes at once."""
    model = site_model()
    if model is not None:
        start_updates(model)
        remove_replaced_vectors(model)
    maintain_indexes()


def start_updates(model: str) -> list[int]:
    """Start a re-analysis for owners whose pictures have vectors of other models; return the ids of the batches.

    This happens once for each owner and model: a cancelled re-analysis is not started again.
    """
    others = Embedding.objects.filter(owner_id=OuterRef("pk")).exclude(model=model)
    started = UploadBatch.all_objects.filter(owner_id=OuterRef("pk"), model=model)
    found = []
    for owner_id in User.objects.filter(Exists(others), ~Exists(started)).values_list("pk", flat=True):
        try:
            batch_id = reanalyse_library(owner_id, model, only_missing=True)
        except ReanalysisRunning:
            continue
        if batch_id is not None:
            logger.info("Computing vectors of the model %s for the pictures of user %d.", model, owner_id)
            found.append(batch_id)
    return found
