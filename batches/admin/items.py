"""The admin page for the files in batches, and the URLs of the "Problems" page."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from batches import services
from batches.admin.actions import run_action
from batches.admin.failures_page import failures_page, failures_table
from batches.admin.owners import OwnerForm, OwnerOfBatchFilter
from batches.models import BatchItem, UploadBatch
from batches.models.error_codes import ERROR_CODES
from batches.models.states import LIVE_BATCHES, ItemStatus
from batches.services import operator_scope
from uploads.read_only_admin import ReadOnlyAdmin, english_column


class ErrorCodeFilter(admin.SimpleListFilter):
    """Offers all known error codes, plus the selected one if it is unknown.

    Finding the codes in use would require a full table scan.
    """

    title = _("error code")
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        selected = request.GET.get("error_code", "")
        return [(code, code) for code in sorted({*ERROR_CODES, *filter(None, [selected])})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BatchItem]) -> QuerySet[BatchItem]:
        code = (self.value() or "").replace("\0", "")  # PostgreSQL rejects NUL
        return queryset.filter(status=ItemStatus.FAILED, error_code=code) if code else queryset


class StatusFilter(admin.SimpleListFilter):
    """Filters by state using small indexes, because a query for a rare state would otherwise read the whole table."""

    title = _("status")
    parameter_name = "status__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in ItemStatus]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BatchItem]) -> QuerySet[BatchItem]:
        state = self.value()
        if state not in ItemStatus.values:
            return queryset
        queryset = queryset.filter(status=state)
        # Narrow the query to a few batches: apart from batches that are just being cancelled, only live ones have
        # receiving or pending files, and only batches whose counter `cancelled`, `missing` or `ignored` is not zero
        # have files in that state.
        if state in {ItemStatus.RECEIVING, ItemStatus.PENDING}:
            return queryset.filter(batch_id__in=UploadBatch.all_objects.filter(status__in=LIVE_BATCHES).values("id"))
        if state in {ItemStatus.CANCELLED, ItemStatus.MISSING, ItemStatus.IGNORED}:
            return queryset.filter(batch_id__in=UploadBatch.all_objects.filter(**{f"{state}__gt": 0}).values("id"))
        return queryset


@admin.register(BatchItem)
class ItemAdmin(ReadOnlyAdmin):
    """The files of all batches. A batch's page links to this list, filtered by the batch."""

    actions = ["retry"]
    list_display = [
        *["__str__", "status", "message", "batch", "stage", "file_size", "attempts", "crash_count", "result"],
        *["error_code", "finished_at"],
    ]
    list_filter = [StatusFilter, ErrorCodeFilter, OwnerOfBatchFilter, "batch__kind", "result"]
    list_select_related = ["batch"]
    search_fields = ["filename", "relative_path"]
    search_help_text = _("Part of a file's name or path")
    ordering = ["-id"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *["filename", "relative_path", "archive", "batch", "upload", "status", "stage", "result"],
                    *["file_size", "sha256"],
                ]
            },
        ),
        (_("Failure"), {"fields": ["error_code", "message"]}),
        (
            _("Processing"),
            {
                "fields": [
                    "attempts",
                    "crash_count",
                    "lost_worker",
                    "queue_position",
                    "worker",
                    "claim",
                    "claimed_until",
                ]
            },
        ),
        (_("Times"), {"fields": ["created_at", "started_at", "finished_at"]}),
    ]
    readonly_fields = ["file_size", "message"]
    message = english_column("error_message", _("error message"))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(partial(failures_page, site=self.admin_site))
        table = self.admin_site.admin_view(failures_table)
        return [
            path("problems/", page, name="batches_failures"),
            path("problems/files.csv", table, name="batches_failures_csv"),
            *super().get_urls(),
        ]

    @property
    def media(self) -> Media:
        return super().media + OwnerForm().media

    def has_command_permission(self, request: HttpRequest) -> bool:
        """Return whether the actions are offered. The services check the permissions again for each file."""
        return operator_scope(request.user).covers_all()

    @admin.display(description=_("Size"), ordering="size")
    def file_size(self, item: BatchItem) -> str:
        return filesizeformat(item.size)

    @admin.action(permissions=["command"], description=_("Retry"))
    def retry(self, request: HttpRequest, queryset: QuerySet[BatchItem]) -> None:
        message = ngettext_lazy("Retrying %(count)d file.", "Retrying %(count)d files.", "count")
        run_action(self, request, queryset, services.retry_item, _("Retried."), message)
