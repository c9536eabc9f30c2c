"""Worker processes in the admin."""

from django.contrib import admin
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from batches.engine.liveness import living_workers
from batches.models import Worker
from uploads.read_only_admin import ReadOnlyAdmin


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Who works, and who worked; liveness is read from the locks, not from the rows."""

    list_display = ["__str__", "alive", "threads", "started_at", "stopped_at"]
    fields = ["host", "pid", "threads", "alive", "started_at", "stopped_at"]
    readonly_fields = ["alive"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        """Mark the workers that hold their lock now."""
        lives = Case(When(id__in=living_workers(), then=Value(True)), default=False, output_field=BooleanField())
        workers: QuerySet[Worker] = super().get_queryset(request)
        return workers.annotate(lives=lives)

    @admin.display(description=_("Alive"), boolean=True, ordering="lives")
    def alive(self, worker: Worker) -> bool:
        """Tell whether it holds its lock."""
        return bool(getattr(worker, "lives"))  # noqa: B009
