"""A batch's status in the admin, and what it waits for when it stands still."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batches.engine.stall_reason import stall_reasons
from batches.models import UploadBatch
from uploads.read_only_admin import ReadOnlyAdmin


class BatchStatusAdmin(ReadOnlyAdmin):
    """Offers the column and field `standing`."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Ask once what the batches of the page wait for."""
        changes = super().get_changelist_instance(request)
        reasons = stall_reasons(changes.result_list)
        for batch in changes.result_list:
            batch.still_because = reasons.get(batch.pk)
        return changes

    @admin.display(description=_("Status"), ordering="status")
    def standing(self, batch: UploadBatch) -> SafeString | str:
        """Show the status, and below it why nothing goes on: shortly in the list, in full on the batch's page."""
        if batch.deleting_since:
            return gettext("Being deleted")
        status = batch.get_status_display()
        if hasattr(batch, "still_because"):
            reason = batch.still_because.short if batch.still_because else ""
            return format_html("{}<br>{}", status, reason) if reason else status
        still = stall_reasons([batch]).get(batch.pk)
        if still is None:
            return status
        detail = format_html(': <span lang="en">{}</span>', still.detail) if still.detail else ""
        return format_html("{}<br>{}{}", status, still.message, detail)
