"""The models of sidecars: the files, and the values that they contain for pictures."""

from django.db import models
from django.db.models import Q

from batches.models.item import BatchItem
from uploads.models import Upload
from uploads.sidecars.recognise import SidecarKind


class SidecarFile(models.Model):
    """The bytes of a sidecar, kept because the importer does not read everything in it."""

    item = models.OneToOneField(BatchItem, on_delete=models.CASCADE, primary_key=True, related_name="sidecar")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"sidecar of item {self.item_id}"


class SidecarEntry(models.Model):
    """A sidecar's values for the pictures that match `name`; a blank name matches all pictures in its folder.

    `folder_key` and `name_key` select the candidates; see uploads/sidecars/folders.py. `values` is what
    SidecarValues.as_json returns. `upload` is the first picture that the entry was linked with; while it is null, the
    entry waits for its picture. `is_due` means that the pictures received before the entry have not all been
    searched for matches yet.
    """

    item = models.ForeignKey(BatchItem, on_delete=models.CASCADE, related_name="sidecar_entries", db_index=False)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in SidecarKind])
    name = models.CharField(max_length=255, blank=True)
    folder_key = models.BigIntegerField()
    name_key = models.BigIntegerField()
    values = models.JSONField()
    upload = models.ForeignKey(
        Upload, on_delete=models.SET_NULL, null=True, related_name="sidecar_entries", db_index=False
    )
    is_due = models.BooleanField(default=True)

    class Meta:
        indexes = [
            models.Index(fields=["item", "id"], name="sidecarentry_item"),
            models.Index(fields=["folder_key", "name_key"], name="sidecarentry_keys"),
            models.Index(fields=["upload"], name="sidecarentry_upload", condition=Q(upload__isnull=False)),
            models.Index(fields=["item", "id"], name="sidecarentry_due", condition=Q(is_due=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.name or 'the folder'}"
