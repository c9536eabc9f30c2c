"""Configuration of the batches app."""

import dramatiq
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatchesConfig(AppConfig):
    """Import and processing of many files."""

    name = "batches"
    verbose_name = _("Batches")

    def ready(self) -> None:
        """Register the dramatiq middleware; it imports models, which exist only now."""
        from batches.worker.middleware import WorkerMiddleware  # noqa: PLC0415 (models exist only when all apps are loaded)

        dramatiq.get_broker().add_middleware(WorkerMiddleware())
