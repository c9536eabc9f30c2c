"""Wiring of what belongs to no single app: the checks of the settings."""

from django.apps import AppConfig
from django.core.checks import register

from vuemantics.checks import CHECKS


class VuemanticsConfig(AppConfig):
    """The project itself."""

    name = "vuemantics"

    def ready(self) -> None:
        """Let every command check the settings before it starts."""
        for check in CHECKS:
            register(check)
