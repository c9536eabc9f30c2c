"""Changes that owners made to their pictures, kept so that they can be undone."""

from django.conf import settings
from django.db import models


class PictureEdit(models.Model):
    """A change of one value, such as the date, in one or more pictures and their parts.

    `key` is one of the keys in uploads/sidecars/own_edits.py. `changes` lists, for each picture, its id and the owner's
    value before and after the change; None means that the owner has set no value.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=20)
    changes = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "created_at"], name="pictureedit_owner")]

    def __str__(self) -> str:
        return f"{self.key} of {len(self.changes)}"
