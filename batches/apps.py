"""Wiring of the batch app."""

import dramatiq
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatchesConfig(AppConfig):
    """Arrival and processing of many files over time."""

    name = "batches"
    verbose_name = _("Batches")

    def ready(self) -> None:
        """Add the engine's part of a worker process; it imports models, so only now."""
        from batches.worker.middleware import WorkerMiddleware  # noqa: PLC0415 (models exist only when all apps are loaded)

        dramatiq.get_broker().add_middleware(WorkerMiddleware())
