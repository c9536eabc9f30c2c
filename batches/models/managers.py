"""Batches as everybody but the engine sees them: one that is being deleted is gone, and so are its files."""

from typing import TypeVar

from django.db import models

Batch = TypeVar("Batch", bound=models.Model)
Item = TypeVar("Item", bound=models.Model)


class VisibleBatchManager(models.Manager[Batch]):
    """Leaves out what is being deleted."""

    def get_queryset(self) -> "models.QuerySet[Batch]":
        """Return the batches that are here to stay."""
        return super().get_queryset().filter(deleting_since=None)


def in_visible_batches(items: "models.QuerySet[Item]") -> "models.QuerySet[Item]":
    """Leave out the files of batches that are being deleted."""
    return items.filter(batch__deleting_since=None)
