"""The admin for worker processes, and the "Engine" page."""

from functools import partial

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batches.engine.liveness import live_workers
from batches.engine.status import read_status
from batches.models import Worker
from uploads.read_only_admin import ReadOnlyAdmin, english_column

REFRESH_SECONDS = 5


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Running and stopped workers. A worker's lock, not its row, shows whether the worker is alive."""

    list_display = ["__str__", "alive", "threads", "started_at", "stopped_at", "message", "recovered"]
    fieldsets = [
        (None, {"fields": ["host", "pid", "threads", "alive", "started_at", "stopped_at"]}),
        (_("Waiting for"), {"fields": ["stall_code", "message", "stalled_since"]}),
        (_("Recovered files"), {"fields": ["recovered", "recovered_at"]}),
    ]
    readonly_fields = ["alive", "message"]
    message = english_column("stall_message", _("stall message"))
    ordering = ["-id"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(engine_page, site=self.admin_site))
        return [path("engine/", view, name="batches_engine"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        """Annotate each worker with whether it holds its lock."""
        live = Case(When(id__in=live_workers(), then=Value(True)), default=False, output_field=BooleanField())
        workers: QuerySet[Worker] = super().get_queryset(request)
        return workers.annotate(live=live)

    @admin.display(description=_("Alive"), boolean=True, ordering="live")
    def alive(self, worker: Worker) -> bool:
        return bool(getattr(worker, "live"))  # noqa: B009


def engine_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the engine's state to staff who may view workers, with file names only if they may also view files."""
    if not request.user.has_perm("batches.view_worker"):
        raise PermissionDenied
    context = {
        **site.each_context(request),
        "title": gettext("Engine"),
        "engine": read_status(),
        "names_files": request.user.has_perm("batches.view_batchitem"),
        "refresh_seconds": REFRESH_SECONDS,
    }
    return TemplateResponse(request, "admin/batches/engine.html", context)
