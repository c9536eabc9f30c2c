"""Delete the vectors of a model that the site no longer uses, once searches no longer need them."""

import logging
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet

from uploads.models import Embedding

logger = logging.getLogger(__name__)

CHUNK = 1000


def remove_replaced_vectors(model: str) -> int:
    """Delete the vectors of other models for each owner whose pictures all have a vector of `model`.

    Until then, searches use the vectors of both models. Return the number of deleted vectors.

    Vectors are deleted in chunks to keep transactions short. An old vector that is added during the deletion is kept if
    its picture has no vector of `model`.
    """
    count = 0
    for owner_id in User.objects.filter(Exists(_others(model, OuterRef("pk")))).values_list("pk", flat=True):
        new = Embedding.objects.filter(upload_id=OuterRef("upload_id"), model=model)
        others = _others(model, owner_id)
        if others.filter(~Exists(new)).exists():
            continue
        replaced = others.filter(Exists(new)).values("id")[:CHUNK]
        while deleted := Embedding.objects.filter(id__in=replaced).delete()[0]:
            count += deleted
        logger.info("Deleted vectors of user %d that the model %s replaces.", owner_id, model)
    return count


def _others(model: str, owner_id: Any) -> QuerySet[Embedding]:
    return Embedding.objects.filter(owner_id=owner_id).exclude(model=model)
