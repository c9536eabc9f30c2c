"""The files of batches in the admin."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from batches import services
from batches.admin.commands import command_each, tell
from batches.models import BatchItem
from batches.states import ItemStatus
from uploads.read_only_admin import ReadOnlyAdmin

MAX_RETRIES = 500
FAILURES_LOOKED_AT = 1000


class ErrorCodeFilter(admin.SimpleListFilter):
    """The codes among the newest failures: a DISTINCT over the whole table would read every row."""

    title = _("reason of failure")
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return the codes to choose from."""
        failed = BatchItem.objects.filter(status=ItemStatus.FAILED)
        if (batch := request.GET.get("batch__id__exact", "")).isdecimal():
            failed = failed.filter(batch_id=int(batch))
        newest = failed.order_by("-id").values_list("error_code", flat=True)[:FAILURES_LOOKED_AT]
        return [(code, code) for code in sorted(set(newest)) if code]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BatchItem]) -> QuerySet[BatchItem]:
        """Keep the failures with the chosen code."""
        code = (self.value() or "").replace("\0", "")  # which PostgreSQL refuses
        return queryset.filter(status=ItemStatus.FAILED, error_code=code) if code else queryset


@admin.register(BatchItem)
class ItemAdmin(ReadOnlyAdmin):
    """Every file's way through its batch; a batch's page links here, filtered."""

    actions = ["retry"]
    list_display = [
        *["__str__", "status", "error_message", "batch", "stage", "file_size", "attempts", "deaths", "duplicate"],
        *["error_code", "finished_at"],
    ]
    list_filter = ["status", ErrorCodeFilter, "duplicate"]
    list_select_related = ["batch"]
    search_fields = ["filename", "relative_path"]
    search_help_text = _("Part of a file's name or path")
    ordering = ["-id"]
    fieldsets = [
        (
            None,
            {"fields": ["filename", "relative_path", "batch", "upload", "status", "stage", "file_size", "duplicate"]},
        ),
        (_("Failure"), {"fields": ["error_code", "error_message"]}),
        (
            _("Work"),
            {"fields": ["attempts", "deaths", "lost_by", "queue_position", "worker", "claim", "claimed_until"]},
        ),
        (_("Times"), {"fields": ["created_at", "started_at", "finished_at"]}),
    ]
    readonly_fields = ["file_size"]

    def has_command_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actions are offered; the services ask again for each file."""
        return services.is_operator(request.user)

    @admin.display(description=_("Size"), ordering="size")
    def file_size(self, item: BatchItem) -> str:
        """Show the size in words."""
        return filesizeformat(item.size)

    @admin.action(permissions=["command"], description=_("Try again"))
    def retry(self, request: HttpRequest, queryset: QuerySet[BatchItem]) -> None:
        """Queue the selected failed files again."""
        if queryset.count() > MAX_RETRIES:
            words = _("Choose at most %(limit)d files, or try all failed files of their batch again.")
            self.message_user(request, words % {"limit": MAX_RETRIES}, messages.ERROR)
            return
        outcome = command_each(queryset, partial(services.retry_item, request.user))
        tell(self, request, outcome, _("Tried again."), _words_retried)


def _words_retried(count: int) -> str:
    return ngettext("%(count)d file waits again.", "%(count)d files wait again.", count) % {"count": count}
