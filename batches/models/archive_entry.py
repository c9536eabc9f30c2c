"""The model of a file that is still inside a stored archive."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models.item import BatchItem
from uploads.models import Upload


class ArchiveEntry(models.Model):
    """The location of an item's bytes in an archive. The row is deleted when the item gets its own upload.

    `offset` is the position of the entry's local header. The archive is deleted when no item needs it any more.
    """

    item = models.OneToOneField(
        BatchItem, on_delete=models.CASCADE, primary_key=True, related_name="archive_entry", verbose_name=_("item")
    )
    archive = models.ForeignKey(
        Upload, on_delete=models.CASCADE, related_name="archive_entries", verbose_name=_("archive")
    )
    offset = models.BigIntegerField(_("offset"))
    compressed = models.BigIntegerField(_("compressed size"))
    crc = models.BigIntegerField("CRC-32")
    method = models.PositiveIntegerField(_("method"))
    encrypted = models.BooleanField(_("encrypted"), default=False)

    class Meta:
        verbose_name = _("archive entry")
        verbose_name_plural = _("archive entries")

    def __str__(self) -> str:
        return f"{self.archive_id}@{self.offset}"
