"""Stored files that verification found to be damaged."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from uploads.models.upload import Upload


class DamageReason(models.TextChoices):
    """What is wrong with a stored file. The values are error codes; see uploads/error_codes.py."""

    CHANGED = "original.changed", _("Content changed")
    MISSING = "original.missing", _("File missing")
    UNREADABLE = "original.unreadable", _("Cannot be read from the disk")


class DamagedFile(models.Model):
    """An upload whose original is missing or damaged. `notified_at` is when the owner was notified by e-mail.

    The row is deleted once the same bytes are stored again, or the original passes a later check.
    """

    upload = models.OneToOneField(
        Upload, on_delete=models.CASCADE, primary_key=True, related_name="damage", verbose_name=_("upload")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        verbose_name=_("owner"),
    )
    reason = models.CharField(_("reason"), max_length=30, choices=DamageReason)
    found_at = models.DateTimeField(_("found at"))
    notified_at = models.DateTimeField(_("e-mail sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("damaged file")
        verbose_name_plural = _("damaged files")
        indexes = [models.Index(fields=["owner", "reason"], name="damagedfile_owner")]

    def __str__(self) -> str:
        return f"{self.upload_id}: {self.reason}"
