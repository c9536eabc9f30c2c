"""App configuration of the site itself."""

from django.apps import AppConfig
from django.core.checks import register


class VuemanticsConfig(AppConfig):
    """Register the settings checks, so that every command runs them first."""

    name = "vuemantics"

    def ready(self) -> None:
        """Import the checks only here: they import models, which need all apps loaded."""
        from vuemantics.checks import CHECKS  # noqa: PLC0415

        for check in CHECKS:
            register(check)
