"""Batches in the admin."""

from collections.abc import Callable
from functools import partial

from django.contrib import admin
from django.db.models import F, QuerySet, Sum
from django.forms import Media
from django.forms.widgets import Script
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from batches import services
from batches.admin.batch_messages import (
    message_cancelled,
    message_paused,
    message_processed,
    message_reanalysed,
    message_resumed,
    message_retried,
)
from batches.admin.commands import command_each, report, too_many
from batches.admin.deletion import DeletingAdmin
from batches.admin.owners import OwnerFilter, OwnerForm
from batches.models import UploadBatch
from batches.models.states import ItemStatus
from batches.services import Scope, operator_scope
from uploads.read_only_admin import confirmation_page

NAME_LETTERS = 30


@admin.register(UploadBatch)
class BatchAdmin(DeletingAdmin):
    """Every batch with its counts; commands go through the services."""

    actions = ["process_now", "pause", "resume", "retry_failed", "reanalyse", "cancel", "delete_batches"]
    list_display = [
        *[
            "short_name",
            "owner",
            "standing",
            "progress",
            "files",
            "total",
            "successful",
            "failed",
            "waiting",
            "cancelled",
        ],
        *["kind", "created_at"],
    ]
    list_filter = ["status", "kind", OwnerFilter, "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    search_help_text = _("Part of a batch's name or of its owner's")
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["name", "owner", "kind", "source", "standing", "progress", "files"]}),
        (_("Counts"), {"fields": ["expected_items", "total", "successful", "failed", "waiting", "cancelled"]}),
        (
            _("Times"),
            {"fields": ["created_at", "started_at", "sealed_at", "last_served", "completed_at", "updated_at"]},
        ),
    ]
    readonly_fields = ["standing", "progress", "files", "waiting"]

    @property
    def media(self) -> Media:
        """Add what the choice of an owner and the bars need."""
        bars = Media(js=[Script("js/admin_live.js", type="module")])  # type: ignore[list-item]  # the stubs are older
        return super().media + OwnerForm().media + bars

    def has_command_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are offered; the services ask again for each batch."""
        return operator_scope(request.user).covers_all()

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Tell whether cancelling is offered, which takes a permission of its own."""
        return operator_scope(request.user).covers_all(services.CANCEL_BATCHES)

    @admin.display(description=_("Name"), ordering="name")
    def short_name(self, batch: UploadBatch) -> str:
        """Cut the name: one of 200 letters without a space would push the other columns out of view."""
        return Truncator(batch.name).chars(NAME_LETTERS)

    @admin.display(description=_("Progress"))
    def progress(self, batch: UploadBatch) -> SafeString:
        """Show a bar and the whole percent."""
        bar = '<progress max="100" value="{}" aria-label="{}" data-batch="{}"{}></progress> {} %'
        active = mark_safe(" data-active") if batch.is_active else ""
        return format_html(bar, batch.percent, _("Progress"), batch.pk, active, batch.percent)

    @admin.display(description=_("Waiting"))
    def waiting(self, batch: UploadBatch) -> int:
        """Count the files without an end yet."""
        return batch.remaining

    @admin.display(description=_("Files"))
    def files(self, batch: UploadBatch) -> SafeString:
        """Link to its files, and to the failed ones if there are any; lists of 100,000 rows stay on their own page."""
        links = [(_items_url(batch), _("All"))]
        if batch.failed:
            links.append((_items_url(batch, ItemStatus.FAILED), ItemStatus.FAILED.label))
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    @admin.action(permissions=["command"], description=_("Process now: wait for no more files, serve them next"))
    def process_now(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        """Seal the selected batches and put them first in the round."""
        self._command(request, queryset, _process_now, _("Processed now."), message_processed)

    @admin.action(permissions=["command"], description=_("Pause"))
    def pause(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        """Begin no more files of the selected batches."""
        self._command(request, queryset, services.pause_batch, _("Paused."), message_paused)

    @admin.action(permissions=["command"], description=_("Resume"))
    def resume(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        """Let the selected batches go on."""
        self._command(request, queryset, services.resume_batch, _("Resumed."), message_resumed)

    @admin.action(permissions=["command"], description=_("Try failed files again"))
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        """Queue the failed files of the selected batches that are stored."""
        self._command(request, queryset, services.retry_failed, _("Failed files tried again."), message_retried)

    @admin.action(permissions=["command"], description=_("Describe their pictures again"))
    def reanalyse(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> None:
        """Make a re-analysis of each selected batch."""
        self._command(
            request, queryset, services.reanalyse_batch, _("Its pictures are described again."), message_reanalysed
        )

    @admin.action(permissions=["cancel"], description=_("Cancel…"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> TemplateResponse | None:
        """Ask first, then cancel the selected batches."""
        if "confirmed" not in request.POST:
            return None if too_many(self, request, queryset) else self._ask_before_cancel(request, queryset)
        self._command(request, queryset, services.cancel_batch, _("Cancelled."), message_cancelled)
        return None

    def _command(
        self,
        request: HttpRequest,
        queryset: QuerySet[UploadBatch],
        command: Callable[[Scope, int], object],
        history: str | Promise,
        done: Callable[[int], str],
    ) -> None:
        """Give each selected batch to a service, unless there are too many."""
        if not too_many(self, request, queryset):
            outcome = command_each(queryset, partial(command, operator_scope(request.user)))
            report(self, request, outcome, history, done)

    def _ask_before_cancel(self, request: HttpRequest, queryset: QuerySet[UploadBatch]) -> TemplateResponse:
        waiting = F("total") - F("successful") - F("failed") - F("cancelled")
        facts = {"question": _("Cancel these batches?"), "action": "cancel", "count": queryset.order_by().count()}
        facts["waiting"] = queryset.aggregate(waiting=Sum(waiting))["waiting"] or 0
        return confirmation_page(self, request, "admin/batches/uploadbatch/cancel_confirmation.html", queryset, facts)


def _process_now(scope: Scope, batch_id: int) -> bool:
    # In this order: the batch may complete as soon as no more files are expected.
    services.prioritize_batch(scope, batch_id)
    services.finish_without_missing(scope, batch_id)
    return True


def _items_url(batch: UploadBatch, status: ItemStatus | None = None) -> str:
    query = {"batch__id__exact": str(batch.pk)} | ({"status__exact": status.value} if status else {})
    return reverse("admin:batches_batchitem_changelist", query=query)
