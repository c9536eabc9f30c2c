"""The appearance of pictures, and pairs of near duplicates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from pgvector.django import HalfVectorField

from uploads.models.upload import Upload


class Appearance(models.Model):
    """A picture's appearance as numbers, for finding similar pictures and near duplicates.

    `code` has 40 bytes; see uploads/analysis/picture_code.py. `features` has unit length; null if the analyzer computes
    none. `due_at` is set while the picture waits to be indexed in the background (uploads/similar/indexing.py).
    """

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, primary_key=True, related_name="appearance")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    code = models.BinaryField()
    features = HalfVectorField(dimensions=1280, null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner"], name="appearance_owner"),
            models.Index(fields=["owner", "upload"], name="appearance_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"appearance of upload {self.upload_id}"


class NearDuplicate(models.Model):
    """Two pictures of an owner that look almost the same. `kept` means that the owner chose to keep both."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    first = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="+")
    kept = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="nearduplicate_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="nearduplicate_ordered"),
        ]
        indexes = [
            models.Index(fields=["owner", "-second", "-first"], name="nearduplicate_open", condition=Q(kept=False))
        ]

    def __str__(self) -> str:
        return f"uploads {self.first_id} and {self.second_id}"
