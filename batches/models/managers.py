"""A manager and a filter that exclude batches that are being deleted, and their items."""

from typing import TypeVar

from django.db import models

Batch = TypeVar("Batch", bound=models.Model)
Item = TypeVar("Item", bound=models.Model)


class VisibleBatchManager(models.Manager[Batch]):
    """A manager that returns only the batches that are not being deleted."""

    def get_queryset(self) -> "models.QuerySet[Batch]":
        return super().get_queryset().filter(deleting_since=None)


def in_visible_batches(items: "models.QuerySet[Item]") -> "models.QuerySet[Item]":
    """Exclude the items of batches that are being deleted."""
    return items.filter(batch__deleting_since=None)
