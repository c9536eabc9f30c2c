"""Wiring of the library app."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """The library: one picture or video, whatever batch it came by."""

    name = "uploads"
