"""Deleting batches from the admin: Django's own delete is off, this one asks, then calls the service."""

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from batches import services
from batches.admin.batch_status import BatchStatusAdmin
from batches.admin.commands import command_each, report, too_many
from batches.models import UploadBatch
from batches.services import operator_scope
from uploads.read_only_admin import confirmation_page


class DeletingAdmin(BatchStatusAdmin):
    """Offers the action `delete_batches`. Staff see what is being deleted until it is gone."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[UploadBatch]:
        """All batches, also those that are on their way out."""
        return UploadBatch.all_objects.all()

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Tell whether the action is offered; the service asks again for each batch."""
        return operator_scope(request.user).covers_all(services.DELETE_BATCHES)

    @admin.action(permissions=["remove"], description=_("Delete with their pictures…"))
    def delete_batches(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> TemplateResponse | None:
        """Ask first, then delete the selected batches."""
        if too_many(self, request, queryset):
            return None
        if "confirmed" not in request.POST:
            return self._ask_before_deletion(request, queryset)
        outcome = command_each(queryset, partial(services.delete_batch, operator_scope(request.user)))
        report(self, request, outcome, None, _words_deleted)
        return None

    def _ask_before_deletion(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> TemplateResponse:
        facts = {"question": _("Delete these batches?"), "action": "delete_batches", "count": queryset.count()}
        facts["files"] = queryset.aggregate(files=Sum("total"))["files"] or 0
        return confirmation_page(self, request, "admin/batches/uploadbatch/deletion_confirmation.html", queryset, facts)


def _words_deleted(count: int) -> str:
    words = ngettext(
        "%(count)d batch is being deleted; its files follow.",
        "%(count)d batches are being deleted; their files follow.",
        count,
    )
    return words % {"count": count}
