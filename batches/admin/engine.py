"""The page "Engine" of the admin: what `manage.py engine_status` shows, looked at anew every few seconds."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from batches.engine.status import read_status

REFRESH_SECONDS = 5


def engine_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the engine to staff who may view workers, with the names of files to those who may view files, too."""
    if not request.user.has_perm("batches.view_worker"):
        raise PermissionDenied
    context = {
        **site.each_context(request),
        "title": _("Engine"),
        "engine": read_status(),
        "names_files": request.user.has_perm("batches.view_batchitem"),
        "refresh_seconds": REFRESH_SECONDS,
    }
    return TemplateResponse(request, "admin/batches/engine.html", context)
