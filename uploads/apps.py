from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    """The library: all stored pictures and videos, regardless of the batch that added them."""

    name = "uploads"
    verbose_name = _("Library")
