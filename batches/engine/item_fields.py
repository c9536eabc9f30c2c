"""Values to set in an item's other columns when its state changes."""

from typing import Any

from django.db.models import F
from django.db.models.functions import Now

_UNCLAIMED: dict[str, Any] = {"stage": "", "claim": None, "worker": None, "claimed_until": None}

PENDING_FIELDS: dict[str, Any] = {"queue_position": F("id"), **_UNCLAIMED}
FINISHED_FIELDS: dict[str, Any] = {"finished_at": Now(), "queue_position": None, **_UNCLAIMED}
"""For a failed item, the caller also sets `error_code` and `error_message`."""
UNCLAIMED_SQL = "stage = '', claim = NULL, worker = NULL, claimed_until = NULL"
FINISHED_SQL = f"finished_at = clock_timestamp(), queue_position = NULL, {UNCLAIMED_SQL}"
"""The same assignments as FINISHED_FIELDS, for raw SQL."""
NOT_FAILED_FIELDS: dict[str, Any] = {"error_code": "", "error_message": "", "finished_at": None, "dismissed_at": None}
"""Clears the failure of an item that is retried or received again."""
