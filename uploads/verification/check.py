"""Check one stored original, and record the result.

The owner and the operators are notified of each DamagedFile row. A row is deleted when the file passes a check, or
when the same bytes are stored again.
"""

import hashlib
import logging

from django.db import transaction
from django.utils import timezone

from uploads.errors import EnvironmentalError, PermanentError
from uploads.models import DamagedFile, DamageReason, Upload
from uploads.storage import is_stored, original_name, read_original, storage_available

logger = logging.getLogger(__name__)


def find_damage(upload: Upload) -> DamageReason | None:
    """Read an upload's original and return what is wrong with it, or None.

    Raises EnvironmentalError if the storage as a whole is unavailable, because the file cannot be checked then.
    """
    digest = hashlib.sha256()
    try:
        for piece in read_original(upload.key):
            digest.update(piece)
    except PermanentError as error:
        if error.code != "file.missing":
            return DamageReason.UNREADABLE
        if not storage_available():
            raise EnvironmentalError("storage.away") from error
        return DamageReason.MISSING
    return None if digest.hexdigest() == upload.sha256 else DamageReason.CHANGED


def record_check(upload: Upload, reason: DamageReason | None) -> bool:
    """Record the result of a check.

    Return False, and change nothing, if the upload has been deleted, checked or stored again since the caller read its
    row.
    """
    now = timezone.now()
    with transaction.atomic():
        unchanged = Upload.objects.filter(id=upload.id, verified_at=upload.verified_at)
        if not unchanged.update(verified_at=now):
            return False
        if reason is None:
            repaired = _delete_damage(upload.id)
        else:
            repaired = False
            damage = DamagedFile(upload=upload, owner_id=upload.owner_id, reason=reason, found_at=now)
            DamagedFile.objects.bulk_create(
                [damage], update_conflicts=True, unique_fields=["upload"], update_fields=["reason"]
            )
    if reason is not None:
        logger.error("The original of upload %d, %s, is damaged: %s.", upload.id, original_name(upload.key), reason)
    elif repaired:
        logger.info("The original of upload %d is intact again.", upload.id)
    return True


def is_intact(upload: Upload) -> bool:
    """Return whether the original is stored and not known to be damaged. Raises OSError if storage is unavailable."""
    return is_stored(upload.key) and not DamagedFile.objects.filter(upload_id=upload.id).exists()


def mark_repaired(upload_id: int) -> None:
    """Record that the original's bytes were received and stored again.

    Do not call this in a transaction that has locked a batch, because uploads must be locked before batches.
    """
    with transaction.atomic():
        Upload.objects.filter(id=upload_id).update(verified_at=timezone.now())
        if _delete_damage(upload_id):
            logger.info("The original of upload %d was repaired by the same bytes.", upload_id)


def _delete_damage(upload_id: int) -> bool:
    return DamagedFile.objects.filter(upload_id=upload_id).delete()[0] > 0
