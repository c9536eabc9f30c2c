"""Decide which owners' rows a user's command may change."""

from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)

CHANGE_BATCHES = ("batches.change_uploadbatch",)
CANCEL_BATCHES = (*CHANGE_BATCHES, "batches.cancel_uploadbatch")
DELETE_PICTURES = ("uploads.delete_upload",)
DELETE_BATCHES = ("batches.delete_uploadbatch", *DELETE_PICTURES)


class NotFound(Exception):
    """The row does not exist or is outside the scope; callers cannot distinguish the two."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that a command given by `user` may change: the user's own or, if `all_owners` is true, all rows.

    `all_owners` takes effect only for staff who have the permissions that the command requires; other users can change
    only their own rows.
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
        """Return whether a command that requires these permissions may change the rows of every owner."""
        return self.all_owners and self.user.is_staff and self.user.has_perms(permissions)

    def filter(self, rows: QuerySet[Row], permissions: tuple[str, ...] = CHANGE_BATCHES) -> QuerySet[Row]:
        """Keep the rows that the command may change. Their model must have an `owner` field."""
        return rows if self.covers_all(permissions) else rows.filter(owner_id=self.user.pk)


def owner_scope(user: User | AnonymousUser) -> Scope:
    """Return the scope that the pages use: only the user's own rows, whatever the user's permissions are."""
    return Scope(user, all_owners=False)


def operator_scope(user: User | AnonymousUser) -> Scope:
    """Return the scope that the admin uses: all rows if the user's permissions allow it, otherwise the user's own."""
    return Scope(user, all_owners=True)
