"""Changes that owners made to their pictures, kept so that they can be undone."""

from django.conf import settings
from django.db import models


class PictureEdit(models.Model):
    """A change of one value of some pictures, and of their parts.

    `key` is a key of uploads/sidecars/own_edits.py. `changes` lists the id of each picture with the owner's value
    before and after the change. None means that there was or is no such value.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=20)
    changes = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "created_at"], name="pictureedit_owner")]

    def __str__(self) -> str:
        return f"{self.key} of {len(self.changes)}"
