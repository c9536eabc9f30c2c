"""Batches as everybody but the engine sees them: one that is being deleted is not there any more."""

from typing import TypeVar

from django.db import models

Batch = TypeVar("Batch", bound=models.Model)


class PresentBatches(models.Manager[Batch]):
    """Leaves out what is being deleted."""

    def get_queryset(self) -> "models.QuerySet[Batch]":
        """Return the batches that are here to stay."""
        return super().get_queryset().filter(deleting_since=None)
