"""The columns that belong to an item's state; every change of the state sets all of them."""

from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from batches.models.states import ItemStatus

_UNCLAIMED: dict[str, Any] = {"stage": "", "claim": None, "worker": None, "claimed_until": None}

PENDING_FIELDS: dict[str, Any] = {"status": ItemStatus.PENDING, "queue_position": F("id"), **_UNCLAIMED}
FINISHED_FIELDS: dict[str, Any] = {"finished_at": Now(), "queue_position": None, **_UNCLAIMED}
"""Set together with `status` and, for a failure, `error_code` and `error_message`."""
FINISHED_SQL = (
    "finished_at = clock_timestamp(), queue_position = NULL, stage = '', claim = NULL, worker = NULL,"
    " claimed_until = NULL"
)
"""FINISHED_FIELDS for raw SQL."""
NOT_FAILED_FIELDS: dict[str, Any] = {"error_code": "", "error_message": "", "finished_at": None, "dismissed_at": None}
"""Set when a failed item is retried or received again."""
