"""The admin of the library: staff see what is known of a picture or video, change nothing, and may delete."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat, truncatewords
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from uploads.models import Upload
from uploads.read_only_admin import ReadOnlyAdmin, english_column
from uploads.storage import read_file


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """Pictures and videos with their previews."""

    list_display = ["thumbnail", "filename", "owner", "kind", "file_size", "pixels", "taken_at", "told", "processed_at"]
    list_display_links = ["thumbnail", "filename"]
    list_filter = ["kind", "hidden", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["filename", "owner__username"]
    search_help_text = _("Part of a file's name or of its owner's")
    ordering = ["-id"]
    fieldsets = [
        (
            None,
            {"fields": ["picture", "filename", "owner", "kind", "description_text", "label_list", "hidden", "batches"]},
        ),
        (_("File"), {"fields": ["mime_type", "file_size", "pixels", "duration", "sha256"]}),
        (_("Taken"), {"fields": ["taken_at", "camera", "latitude", "longitude", "metadata"]}),
        (_("Times"), {"fields": ["created_at", "processed_at", "updated_at"]}),
    ]
    readonly_fields = ["picture", "description_text", "label_list", "file_size", "pixels", "batches"]
    description_text = english_column("description", _("description"))

    def get_urls(self) -> list[URLPattern]:
        """Add the previews: the library's own addresses show them to their owner alone."""
        view = self.admin_site.admin_view(self.preview_view)
        return [path("<int:upload_id>/preview/<int:side>/", view, name="uploads_upload_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest, upload_id: int, side: int) -> HttpResponse:
        """Send the preview of `side` pixels to staff who may view uploads."""
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
        """Show the smallest preview in the list."""
        side = min(upload.previews, key=int, default=None)
        return _image(upload, side, 48) if side else None

    @admin.display(description=_("Preview"))
    def picture(self, upload: Upload) -> SafeString | str:
        """Show the smallest preview, linked to the largest."""
        if not upload.previews:
            return gettext("No preview was made.")
        small, large = min(upload.previews, key=int), max(upload.previews, key=int)
        return format_html('<a href="{}">{}</a>', _preview_url(upload, large), _image(upload, small, 240))

    @admin.display(description=_("Size"), ordering="size")
    def file_size(self, upload: Upload) -> str:
        """Show the size in words."""
        return filesizeformat(upload.size)

    @admin.display(description=_("Pixels"))
    def pixels(self, upload: Upload) -> str | None:
        """Show width and height."""
        return f"{upload.width}\N{NO-BREAK SPACE}x\N{NO-BREAK SPACE}{upload.height}" if upload.width else None

    @admin.display(description=_("Description"))
    def told(self, upload: Upload) -> SafeString:
        """Show the beginning of the description."""
        return format_html('<span lang="en">{}</span>', truncatewords(upload.description, 12))

    @admin.display(description=_("Labels"))
    def label_list(self, upload: Upload) -> SafeString:
        """Name the labels with their scores in whole percent."""
        labels = ", ".join(f"{label['name']} {label['score']:.0%}" for label in upload.labels)
        return format_html('<span lang="en">{}</span>', labels)

    @admin.display(description=_("Came by"))
    def batches(self, upload: Upload) -> SafeString:
        """Link to the files of batches by which it came."""
        url = reverse("admin:batches_batchitem_changelist", query={"upload__id__exact": upload.pk})
        return format_html('<a href="{}">{}</a>', url, _("Files of batches"))


def _preview_url(upload: Upload, side: str) -> str:
    return reverse("admin:uploads_upload_preview", args=[upload.pk, int(side)])


def _image(upload: Upload, side: str, height: int) -> SafeString:
    url, name = _preview_url(upload, side), upload.filename
    return format_html('<img src="{}" height="{}" alt="{}" loading="lazy">', url, height, name)
