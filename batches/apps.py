import dramatiq
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatchesConfig(AppConfig):
    name = "batches"
    verbose_name = _("Batches")

    def ready(self) -> None:
        """Register functions and middleware whose modules import models. Models cannot be imported earlier."""
        from batches.models.import_pictures import imports_of, pictures_of_imports  # noqa: PLC0415 (needs all apps)
        from batches.worker.middleware import WorkerMiddleware  # noqa: PLC0415 (needs all apps)
        from uploads.search.imports import register_imports  # noqa: PLC0415 (needs all apps)

        register_imports(pictures_of_imports, imports_of)
        dramatiq.get_broker().add_middleware(WorkerMiddleware())
