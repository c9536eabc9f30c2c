from django.apps import AppConfig
from django.core.checks import register


class VuemanticsConfig(AppConfig):
    """Registers the checks of the settings, so that every command runs them first."""

    name = "vuemantics"

    def ready(self) -> None:
        """Register the checks. They import models, so they can be imported only when all apps are loaded."""
        from vuemantics.checks import CHECKS  # noqa: PLC0415

        for check in CHECKS:
            register(check)
