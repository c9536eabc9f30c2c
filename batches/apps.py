"""Wiring of the batch app."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    """Arrival and processing of many files over time."""

    name = "batches"
