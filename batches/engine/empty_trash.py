"""Permanently delete pictures whose time in the trash is over."""

import logging

from batches.engine.delete_pictures import delete_pictures
from batches.engine.refusals import Refused
from uploads.models import Upload
from uploads.trash import trash_expiry

logger = logging.getLogger(__name__)

CHUNK = 100


def delete_expired_trash() -> int:
    """Delete up to CHUNK pictures whose time in the trash is over. Return how many were deleted, including their parts.

    Parts are files that are shown only with their picture, such as RAW files. A picture that is restored or
    added again during the call is kept.
    """
    before = trash_expiry()
    expired = Upload.objects.filter(trashed_at__lt=before).order_by("trashed_at")
    ids = list(expired.values_list("id", flat=True)[:CHUNK])
    try:
        return delete_pictures(ids, before) if ids else 0
    except Refused as refusal:
        logger.info("Pictures in the trash are deleted later: %s", refusal)
        return 0
