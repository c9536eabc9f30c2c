"""The admin page for batches."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batches.admin.batch_actions import BatchActionsAdmin
from batches.admin.owners import OwnerFilter, OwnerForm
from batches.engine.stall_reason import stall_reasons
from batches.models import UploadBatch
from batches.models.states import ItemStatus
from uploads.text import percent

NAME_LENGTH = 30
COUNTS = ["total", "successful", "failed", "remaining", "cancelled", "missing"]
RESULT_COUNTS = ["duplicates", "sidecars", "archives", "ignored"]


@admin.register(UploadBatch)
class BatchAdmin(BatchActionsAdmin):
    """All batches with their counts, including batches that are being deleted."""

    list_display = ["short_name", "owner", "state", "progress", "files", *COUNTS, "kind", "created_at"]
    list_filter = ["status", "kind", OwnerFilter, "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    search_help_text = _("Part of a batch name or user name")
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["name", "owner", "kind", "source", "state", "progress", "files"]}),
        (_("Counts"), {"fields": ["expected_items", *COUNTS, *RESULT_COUNTS]}),
        (
            _("Times"),
            {
                "fields": [
                    "created_at",
                    "started_at",
                    "uploader_seen_at",
                    "sealed_at",
                    "last_served",
                    "completed_at",
                    "updated_at",
                ]
            },
        ),
    ]
    readonly_fields = ["state", "progress", "files", "remaining"]

    @property
    def media(self) -> Media:
        return super().media + OwnerForm().media

    def get_queryset(self, request: HttpRequest) -> QuerySet[UploadBatch]:
        return UploadBatch.all_objects.all()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Set `stall_reason` on all batches of the page, with at most one query."""
        changelist = super().get_changelist_instance(request)
        reasons = stall_reasons(changelist.result_list)
        for batch in changelist.result_list:
            batch.stall_reason = reasons.get(batch.pk)
        return changelist

    @admin.display(description=_("Status"), ordering="status")
    def state(self, batch: UploadBatch) -> SafeString | str:
        """Show the status and, for a stalled batch, the reason. The list shows only the short text of the reason."""
        if batch.deleting_since:
            return gettext("Being deleted")
        status = batch.get_status_display()
        if hasattr(batch, "stall_reason"):
            reason = batch.stall_reason
            return format_html("{}<br>{}", status, reason.short) if reason else status
        reason = stall_reasons([batch]).get(batch.pk)
        if reason is None:
            return status
        detail = format_html(': <span lang="en">{}</span>', reason.detail) if reason.detail else ""
        return format_html("{}<br>{}{}", status, reason.message, detail)

    @admin.display(description=_("Name"), ordering="name")
    def short_name(self, batch: UploadBatch) -> str:
        """Truncate the name, because a long name without spaces would push the other columns out of view."""
        return Truncator(batch.name).chars(NAME_LENGTH)

    @admin.display(description=_("Progress"))
    def progress(self, batch: UploadBatch) -> SafeString:
        bar = '<progress max="100" value="{}" aria-label="{}" data-batch="{}"{}></progress> {}'
        active = mark_safe(" data-active") if batch.is_active else ""
        return format_html(bar, batch.percent, _("Progress"), batch.pk, active, percent(batch.percent))

    @admin.display(description=_("Remaining"))
    def remaining(self, batch: UploadBatch) -> int:
        return batch.remaining

    @admin.display(description=_("Files"))
    def files(self, batch: UploadBatch) -> SafeString:
        """Link to the list of the batch's files and, if any have failed, to the list of failed files."""
        links = [(_items_url(batch), _("All"))]
        if batch.failed:
            links.append((_items_url(batch, ItemStatus.FAILED), ItemStatus.FAILED.label))
        return format_html_join(" · ", '<a href="{}">{}</a>', links)


def _items_url(batch: UploadBatch, status: ItemStatus | None = None) -> str:
    query = {"batch__id__exact": str(batch.pk)} | ({"status__exact": status.value} if status else {})
    return reverse("admin:batches_batchitem_changelist", query=query)
