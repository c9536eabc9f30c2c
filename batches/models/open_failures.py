"""Query the failures that still need attention, and those that were dismissed."""

from datetime import datetime

from django.db.models import QuerySet

from batches.models.item import BatchItem
from batches.models.scope import VIEW_ITEMS, Scope
from batches.models.states import ItemStatus


def open_failures(scope: Scope, permissions: tuple[str, ...] = VIEW_ITEMS) -> QuerySet[BatchItem]:
    """Return the scope's failed items, except dismissed failures and items of batches that are being deleted."""
    return scope.items(permissions).filter(status=ItemStatus.FAILED, dismissed_at=None)


def dismissed_failures(
    scope: Scope, code: str, at: datetime, permissions: tuple[str, ...] = VIEW_ITEMS
) -> QuerySet[BatchItem]:
    """Return the scope's failures with this error code that were dismissed at `at`."""
    return scope.items(permissions).filter(status=ItemStatus.FAILED, error_code=code, dismissed_at=at)
