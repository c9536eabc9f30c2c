"""The vectors that searches compare."""

from django.conf import settings
from django.db import models
from pgvector.django import HalfVectorField

from uploads.models.upload import Upload


class Embedding(models.Model):
    """The unit vector that one model computed for an upload.

    It includes the text in the picture if the model can embed text. It is stored in half precision, which makes a scan
    twice as fast.

    All columns after `vector` are copied or derived from the upload's columns, so that a search does not read the wide
    rows of uploads. Database triggers keep them up to date; see the migration. `model` determines the number of
    dimensions.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="embeddings", db_index=False)
    model = models.CharField(max_length=100)
    vector = HalfVectorField()
    kind = models.CharField(max_length=10, editable=False)
    camera = models.CharField(max_length=200, editable=False)
    camera_clock = models.DateTimeField(null=True, editable=False)
    has_place = models.BooleanField(editable=False)
    archived = models.BooleanField(editable=False)
    is_part = models.BooleanField(editable=False)
    trashed = models.BooleanField(editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "model"], name="embedding_once_per_model")]
        # uploads/search/vector_index.py also creates a vector index for each owner with many pictures.
        indexes = [models.Index(fields=["owner", "model", "kind", "camera_clock"], name="embedding_owner_filters")]

    def __str__(self) -> str:
        return f"{self.model} of upload {self.upload_id}"
