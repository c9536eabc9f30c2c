"""The actions that staff can run on batches."""

from django.contrib import admin
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from batches import services
from batches.admin.actions import exceeds_limit, run_action
from batches.models import UploadBatch
from batches.models.batch import ENDED_ITEMS
from batches.services import operator_scope
from uploads.read_only_admin import ReadOnlyAdmin, confirmation_page


class BatchActionsAdmin(ReadOnlyAdmin):
    """Actions that run commands on the selected batches. The services check the permissions again for each batch."""

    actions = ["process_now", "pause", "resume", "retry_failed", "reanalyse", "cancel", "delete_batches"]

    def has_command_permission(self, request: HttpRequest) -> bool:
        """Return whether the actions other than "Cancel" and "Delete" are offered."""
        return operator_scope(request.user).covers_all()

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Return whether "Cancel" is offered. Cancelling has its own permission because it cannot be undone."""
        return operator_scope(request.user).covers_all(services.CANCEL_BATCHES)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return operator_scope(request.user).covers_all(services.DELETE_BATCHES)

    @admin.action(permissions=["command"], description=_("Process next, without waiting for missing files"))
    def process_now(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        """Stop waiting for the missing files of the selected batches, and move these batches to the front."""
        message = ngettext_lazy(
            "%(count)d batch will be processed next.", "%(count)d batches will be processed next.", "count"
        )
        run_action(
            self,
            request,
            queryset,
            services.prioritize_batch,
            _("Prioritized, without waiting for missing files."),
            message,
        )

    @admin.action(permissions=["command"], description=_("Pause"))
    def pause(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        message = ngettext_lazy("%(count)d batch was paused.", "%(count)d batches were paused.", "count")
        run_action(self, request, queryset, services.pause_batch, _("Paused."), message)

    @admin.action(permissions=["command"], description=_("Resume"))
    def resume(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        message = ngettext_lazy("%(count)d batch was resumed.", "%(count)d batches were resumed.", "count")
        run_action(self, request, queryset, services.resume_batch, _("Resumed."), message)

    @admin.action(permissions=["command"], description=_("Retry failed files"))
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        """Queue failed files again if their bytes are stored and a retry may succeed."""
        message = ngettext_lazy(
            "Retrying failed files of %(count)d batch.", "Retrying failed files of %(count)d batches.", "count"
        )
        run_action(self, request, queryset, services.retry_failed, _("Failed files retried."), message)

    @admin.action(permissions=["command"], description=_("Describe the pictures again"))
    def reanalyse(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        message = ngettext_lazy(
            "Describing the pictures of %(count)d batch again.",
            "Describing the pictures of %(count)d batches again.",
            "count",
        )
        run_action(
            self, request, queryset, services.reanalyse_batch, _("Started describing the pictures again."), message
        )

    @admin.action(permissions=["cancel"], description=_("Cancel…"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> TemplateResponse | None:
        """Cancel the selected batches after asking for confirmation on a separate page."""
        if "confirmed" in request.POST:
            message = ngettext_lazy("%(count)d batch was cancelled.", "%(count)d batches were cancelled.", "count")
            run_action(self, request, queryset, services.cancel_batch, _("Cancelled."), message)
            return None
        if exceeds_limit(self, request, queryset):
            return None
        context = {"question": _("Cancel these batches?"), "action": "cancel", "count": queryset.order_by().count()}
        context["waiting"] = queryset.aggregate(remaining=Sum(F("total") - ENDED_ITEMS))["remaining"] or 0
        template = "admin/batches/uploadbatch/cancel_confirmation.html"
        return confirmation_page(self, request, template, queryset, context)

    @admin.action(permissions=["remove"], description=_("Delete batches and pictures…"))
    def delete_batches(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> TemplateResponse | None:
        """Delete the selected batches after asking for confirmation. Django's own delete action is disabled."""
        if "confirmed" in request.POST:
            message = ngettext_lazy(
                "%(count)d batch is being deleted with its files.",
                "%(count)d batches are being deleted with their files.",
                "count",
            )
            run_action(self, request, queryset, services.delete_batch, None, message)
            return None
        if exceeds_limit(self, request, queryset):
            return None
        context = {"question": _("Delete these batches?"), "action": "delete_batches", "count": queryset.count()}
        context["files"] = queryset.aggregate(files=Sum("total"))["files"] or 0
        template = "admin/batches/uploadbatch/deletion_confirmation.html"
        return confirmation_page(self, request, template, queryset, context)
