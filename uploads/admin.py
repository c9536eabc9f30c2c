"""Read-only admin pages for pictures, videos and damaged files.

batches/admin/uploads.py adds imports and the delete action to the pages for pictures and videos.
"""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat, truncatewords
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from uploads.models import DamagedFile, Upload
from uploads.read_only_admin import ReadOnlyAdmin, english_column
from uploads.storage import read_file


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = [
        "thumbnail",
        "filename",
        "owner",
        "kind",
        "file_size",
        "pixels",
        "taken",
        "short_description",
        "audit_score",
        "processed_at",
    ]
    list_display_links = ["thumbnail", "filename"]
    list_filter = ["kind", "created_at", ("trashed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["owner"]
    search_fields = ["filename", "owner__username"]
    search_help_text = _("Part of a file name or user name")
    ordering = ["-id"]
    fieldsets = [
        (
            None,
            {"fields": ["picture", "filename", "owner", "kind", "description_text", "label_list"]},
        ),
        (
            _("Analysis"),
            {
                "fields": [
                    *("description_model", "audit_score", "regenerations", "description_edited"),
                    *("text_found", "text_model"),
                ]
            },
        ),
        (_("File"), {"fields": ["mime_type", "file_size", "pixels", "duration", "sha256"]}),
        (_("Taken"), {"fields": ["taken", "taken_source", "camera", "latitude", "longitude", "place", "metadata"]}),
        (
            _("Sidecars and parts"),
            {
                "fields": [
                    *("title", "caption", "keywords", "albums", "rating", "favourite", "archived", "sidecars"),
                    *("part_of", "part_role"),
                ]
            },
        ),
        (_("Times"), {"fields": ["created_at", "processed_at", "updated_at", "verified_at", "trashed_at"]}),
    ]
    readonly_fields = ["picture", "description_text", "label_list", "file_size", "pixels", "taken"]
    description_text = english_column("description", _("description"))

    def get_urls(self) -> list[URLPattern]:
        """Add a preview URL for staff, because the library's preview URLs work only for the owner."""
        view = self.admin_site.admin_view(self.preview_view)
        return [path("<int:upload_id>/preview/<int:side>/", view, name="uploads_upload_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest, upload_id: int, side: int) -> HttpResponse:
        """Send the preview whose longest side is `side` pixels to staff with permission to view uploads."""
        upload = self.get_object(request, str(upload_id))
        if not self.has_view_permission(request, upload):
            raise PermissionDenied
        name = upload.previews.get(str(side)) if upload else None
        if not name:
            raise Http404
        try:
            content = read_file(name)
        except FileNotFoundError:
            raise Http404 from None
        return HttpResponse(content, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})

    @admin.display(description=_("Preview"))
    def thumbnail(self, upload: Upload) -> SafeString | None:
        side = min(upload.previews, key=int, default=None)
        return _image(upload, side, 48) if side else None

    @admin.display(description=_("Preview"))
    def picture(self, upload: Upload) -> SafeString | str:
        """Return the smallest preview as a link to the largest."""
        if not upload.previews:
            return gettext("No preview.")
        small, large = min(upload.previews, key=int), max(upload.previews, key=int)
        return format_html('<a href="{}">{}</a>', _preview_url(upload, large), _image(upload, small, 240))

    @admin.display(description=_("Size"), ordering="size")
    def file_size(self, upload: Upload) -> str:
        return filesizeformat(upload.size)

    @admin.display(description=_("Pixels"))
    def pixels(self, upload: Upload) -> str | None:
        return f"{upload.width}\N{NO-BREAK SPACE}x\N{NO-BREAK SPACE}{upload.height}" if upload.width else None

    @admin.display(description=_("Taken"), ordering="taken_at")
    def taken(self, upload: Upload) -> str | None:
        """Return the local time when the picture was taken, with its UTC offset if known."""
        if upload.camera_time is None:
            return None
        return f"{date_format(upload.camera_time, 'DATETIME_FORMAT')} {upload.camera_zone}".rstrip()

    @admin.display(description=_("Description"))
    def short_description(self, upload: Upload) -> SafeString:
        text = truncatewords(upload.description, 12)
        return format_html('<span lang="{}">{}</span>', upload.description_language, text)

    @admin.display(description=_("Labels"))
    def label_list(self, upload: Upload) -> SafeString:
        """Return the labels, each with its score as a percentage."""
        labels = ", ".join(f"{label['name']} {label['score']:.0%}" for label in upload.labels)
        return format_html('<span lang="en">{}</span>', labels)


@admin.register(DamagedFile)
class DamagedFileAdmin(ReadOnlyAdmin):
    list_display = ["upload_id", "filename", "owner", "reason", "found_at", "notified_at"]
    list_filter = ["reason"]
    list_select_related = ["owner", "upload"]
    search_fields = ["upload__filename", "owner__username"]
    search_help_text = _("Part of a file name or user name")
    ordering = ["-pk"]

    @admin.display(description=_("filename"))
    def filename(self, damage: DamagedFile) -> str:
        return damage.upload.filename


def _preview_url(upload: Upload, side: str) -> str:
    return reverse("admin:uploads_upload_preview", args=[upload.pk, int(side)])


def _image(upload: Upload, side: str, height: int) -> SafeString:
    url, name = _preview_url(upload, side), upload.filename
    return format_html('<img src="{}" height="{}" alt="{}" loading="lazy">', url, height, name)
