"""User accounts in the admin. A user who owns pictures or batches cannot be deleted."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from batches import services
from batches.admin.actions import run_action
from batches.models import UploadBatch
from batches.services import operator_scope
from uploads.models import Upload

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # generic for mypy only
    """Django's user admin, with an action that describes pictures again.

    The delete page counts the rows that protect a user instead of listing all of them.
    """

    actions = ["reanalyse_library"]

    def has_command_permission(self, request: HttpRequest) -> bool:
        """Return whether the signed-in administrator may re-analyse libraries."""
        return operator_scope(request.user).covers_all()

    @admin.action(permissions=["command"], description=_("Describe all of their pictures again"))
    def reanalyse_library(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        message = ngettext_lazy(
            "Describing all pictures of %(count)d user again.",
            "Describing all pictures of %(count)d users again.",
            "count",
        )
        run_action(
            self, request, queryset, services.reanalyse_library, _("Started describing the pictures again."), message
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], list[str]]:
        """Return the objects that would be deleted, or only the reasons why nothing can be deleted."""
        users = list(objs)
        obstacles = _obstacles(users)
        if obstacles:
            return [], {}, set(), obstacles
        return super().get_deleted_objects(users, request)


def _obstacles(users: Iterable[User]) -> list[str]:
    ids = [user.pk for user in users]
    pictures = dict(Upload.objects.filter(owner__in=ids).order_by().values_list("owner").annotate(Count("id")))
    batches = dict(UploadBatch.all_objects.filter(owner__in=ids).order_by().values_list("owner").annotate(Count("id")))
    message = _("%(name)s has %(pictures)d pictures and %(batches)d batches. Delete these first.")
    return [
        message % {"name": user, "pictures": pictures.get(user.pk, 0), "batches": batches.get(user.pk, 0)}
        for user in users
        if user.pk in pictures or user.pk in batches
    ]
