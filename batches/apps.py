"""Configuration of the batches app."""

import dramatiq
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatchesConfig(AppConfig):
    """The app that imports and processes large numbers of files."""

    name = "batches"
    verbose_name = _("Batches")

    def ready(self) -> None:
        """Register the dramatiq middleware here, because it imports models, which cannot be imported earlier."""
        from batches.worker.middleware import WorkerMiddleware  # noqa: PLC0415 (models exist only when all apps are loaded)

        dramatiq.get_broker().add_middleware(WorkerMiddleware())
