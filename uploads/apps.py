"""Wiring of the library app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    """The library: one picture or video, whatever batch it came by."""

    name = "uploads"
    verbose_name = _("Library")
