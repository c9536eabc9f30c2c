"""The admin for pictures, with links to their imports and an action that deletes pictures.

This module is in this app, not in `uploads`, because it shows batches, which `uploads` must not import.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from batches import services
from batches.engine.refusals import Refused
from batches.services import operator_scope
from uploads.admin import UploadAdmin
from uploads.models import Upload
from uploads.read_only_admin import confirmation_page

admin.site.unregister(Upload)


@admin.register(Upload)
class DeletableUploadAdmin(UploadAdmin):
    """Adds a link to a picture's imports, and an action that deletes pictures with their files."""

    fieldsets = [*UploadAdmin.fieldsets, (None, {"fields": ["batches"]})]
    readonly_fields = [*UploadAdmin.readonly_fields, "batches"]
    actions = ["delete_pictures"]

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Return whether the action is offered. The service checks the permission again."""
        return operator_scope(request.user).covers_all(services.DELETE_PICTURES)

    @admin.display(description=_("Imports"))
    def batches(self, upload: Upload) -> SafeString:
        """Return a link to the list of batch items that refer to this upload."""
        url = reverse("admin:batches_batchitem_changelist", query={"upload__id__exact": upload.pk})
        return format_html('<a href="{}">{}</a>', url, _("Show all"))

    @admin.action(permissions=["remove"], description=_("Delete pictures and files…"))
    def delete_pictures(self, request: HttpRequest, queryset: QuerySet[Upload]) -> TemplateResponse | None:
        """Delete the selected pictures after asking for confirmation. Django's own delete action is disabled."""
        if "confirmed" not in request.POST:
            template, rows = "admin/uploads/upload/deletion_confirmation.html", queryset.defer("metadata")
            return confirmation_page(self, request, template, rows, _extent(queryset))
        selected = list(queryset.defer("metadata")[: services.MAX_PICTURES + 1])
        try:
            deleted = services.delete_pictures(operator_scope(request.user), [upload.pk for upload in selected])
        except Refused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return None
        self.log_deletions(request, selected)  # type: ignore[arg-type]  # log_deletions only iterates over the rows
        message = ngettext("%(count)d picture was deleted.", "%(count)d pictures were deleted.", deleted)
        self.message_user(request, message % {"count": deleted}, messages.SUCCESS)
        return None


def _extent(selected: QuerySet[Upload]) -> dict[str, Any]:
    totals = selected.aggregate(count=Count("id"), bytes=Sum("size"), people=Count("owner", distinct=True))
    return {"question": _("Delete these pictures?"), "action": "delete_pictures", **totals}
