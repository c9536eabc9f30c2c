"""Configuration of the site's own app."""

from django.apps import AppConfig
from django.core.checks import register


class VuemanticsConfig(AppConfig):
    """The site: settings and their checks."""

    name = "vuemantics"

    def ready(self) -> None:
        """Register the settings checks, so that every command runs them first."""
        from vuemantics.checks import CHECKS  # noqa: PLC0415 (they import models, which need all apps loaded)

        for check in CHECKS:
            register(check)
