"""The queue of stored files that are removed after a deletion."""

from django.db import models


class FileDeletion(models.Model):
    """A deleted upload whose stored files still have to be removed.

    The row is created in the transaction that deletes the upload, and is deleted once the files are removed.
    `previews` is copied from the upload. The files are not touched before `due_at`, which each attempt postpones. See
    uploads/storage/file_deletion.py.
    """

    key = models.UUIDField(unique=True)
    previews = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="filedeletion_due")]

    def __str__(self) -> str:
        return str(self.key)
