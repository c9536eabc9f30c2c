"""Worker processes in the admin."""

from functools import partial

from django.contrib import admin
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from batches.admin.engine import engine_page
from batches.engine.liveness import live_workers
from batches.models import Worker
from uploads.read_only_admin import ReadOnlyAdmin, english_column


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Who works, and who worked; liveness is read from the locks, not from the rows."""

    list_display = ["__str__", "alive", "threads", "started_at", "stopped_at", "message", "recovered"]
    fieldsets = [
        (None, {"fields": ["host", "pid", "threads", "alive", "started_at", "stopped_at"]}),
        (_("Waits for"), {"fields": ["stall_code", "message", "stalled_since"]}),
        (_("Taken back after its end"), {"fields": ["recovered", "recovered_at"]}),
    ]
    readonly_fields = ["alive", "message"]
    message = english_column("stall_message", _("holding message"))
    ordering = ["-id"]

    def get_urls(self) -> list[URLPattern]:
        """Add the page of the whole engine."""
        view = self.admin_site.admin_view(partial(engine_page, site=self.admin_site))
        return [path("engine/", view, name="batches_engine"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        """Mark the workers that hold their lock now."""
        lives = Case(When(id__in=live_workers(), then=Value(True)), default=False, output_field=BooleanField())
        workers: QuerySet[Worker] = super().get_queryset(request)
        return workers.annotate(lives=lives)

    @admin.display(description=_("Alive"), boolean=True, ordering="lives")
    def alive(self, worker: Worker) -> bool:
        """Tell whether it holds its lock."""
        return bool(getattr(worker, "lives"))  # noqa: B009
