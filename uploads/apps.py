"""Configuration of the library app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    """The library: pictures and videos, whatever batch they came with."""

    name = "uploads"
    verbose_name = _("Library")
