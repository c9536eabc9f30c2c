"""Decide which owners' rows a user may see or change.

Pages, the upload protocol, services and the admin select rows by a scope, so that ownership is checked in one place.
"""

from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet

from batches.models.batch import UploadBatch
from batches.models.item import BatchItem
from batches.models.managers import in_visible_batches
from uploads.database import fetch_row

Row = TypeVar("Row", bound=Model)

VIEW_ITEMS = ("batches.view_batchitem",)
CHANGE_BATCHES = ("batches.change_uploadbatch",)
CANCEL_BATCHES = (*CHANGE_BATCHES, "batches.cancel_uploadbatch")
DELETE_PICTURES = ("uploads.delete_upload",)
DELETE_BATCHES = ("batches.delete_uploadbatch", *DELETE_PICTURES)

_BATCH_FIELDS = [field.attname for field in UploadBatch._meta.concrete_fields]
# Runs for every uploaded file. With the ORM, it would take four times as much CPU time.
_FIND_OWN_BATCH = f"""
SELECT {", ".join(_BATCH_FIELDS)} FROM batches_uploadbatch
 WHERE id = %(batch)s AND owner_id = %(owner)s AND deleting_since IS NULL
"""  # noqa: S608


class NotFound(Exception):
    """The row does not exist or is outside the scope. Callers cannot tell which."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that `user` may see or change: the user's own or, if `all_owners` is true, all rows.

    `all_owners` takes effect only for staff who have the required permissions; other users get only their own rows.
    """

    user: User | AnonymousUser
    all_owners: bool

    @property
    def user_id(self) -> int:
        """The id of the user. Raises NotFound for an anonymous user."""
        if self.user.pk is None:
            raise NotFound
        return self.user.pk

    def covers_all(self, permissions: tuple[str, ...] = CHANGE_BATCHES) -> bool:
        """Return whether the scope covers the rows of all owners for an operation that requires these permissions."""
        return self.all_owners and self.user.is_staff and self.user.has_perms(permissions)

    def filter(
        self, rows: QuerySet[Row], permissions: tuple[str, ...] = CHANGE_BATCHES, *, owner: str = "owner"
    ) -> QuerySet[Row]:
        """Keep the rows that the scope covers. `owner` is the field lookup that leads from a row to its owner."""
        return rows if self.covers_all(permissions) else rows.filter(**{f"{owner}_id": self.user.pk})

    def batches(self, permissions: tuple[str, ...] = CHANGE_BATCHES) -> QuerySet[UploadBatch]:
        """Return the batches that the scope covers, except those that are being deleted."""
        return self.filter(UploadBatch.objects.all(), permissions)

    def items(self, permissions: tuple[str, ...] = CHANGE_BATCHES) -> QuerySet[BatchItem]:
        """Return the items that the scope covers, with their batches, except items of batches being deleted."""
        items = in_visible_batches(BatchItem.objects.select_related("batch"))
        return self.filter(items, permissions, owner="batch__owner")

    def find_batch(self, batch_id: int, permissions: tuple[str, ...] = CHANGE_BATCHES) -> UploadBatch:
        """Return the batch `batch_id`. Raises NotFound if it does not exist or is outside the scope."""
        if self.covers_all(permissions):
            return _found(UploadBatch.objects.filter(id=batch_id))
        row = fetch_row(_FIND_OWN_BATCH, {"batch": batch_id, "owner": self.user.pk})
        if row is None:
            raise NotFound
        return UploadBatch.from_db("default", _BATCH_FIELDS, row)

    def find_item(self, item_id: int, permissions: tuple[str, ...] = CHANGE_BATCHES) -> BatchItem:
        """Return the item `item_id`, with its batch. Raises NotFound if it does not exist or is outside the scope."""
        return _found(self.items(permissions).filter(id=item_id))


def owner_scope(user: User | AnonymousUser) -> Scope:
    """Return the scope that the pages use: only the user's own rows, regardless of permissions."""
    return Scope(user, all_owners=False)


def operator_scope(user: User | AnonymousUser) -> Scope:
    """Return the scope that the admin uses: all rows if the user's permissions allow it, otherwise the user's own."""
    return Scope(user, all_owners=True)


def _found(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise NotFound
    return row
