"""Writing what processing found into the rows of an upload."""

from django.utils import timezone

from uploads.models import Embedding, Upload
from uploads.pipeline import Result


def save_result(upload_id: int, result: Result, previews: dict[str, str]) -> None:
    """Replace everything known of an upload; call it inside the transaction that finishes its item.

    `previews` are storage names by longest side, already written.
    """
    Upload.objects.filter(id=upload_id).update(
        kind=result.kind,
        mime_type=result.mime_type,
        width=result.width,
        height=result.height,
        duration=result.duration,
        taken_at=result.taken_at,
        latitude=result.latitude,
        longitude=result.longitude,
        camera=result.camera,
        metadata=result.metadata,
        previews=previews,
        labels=[{"name": label.name, "score": round(label.score, 4)} for label in result.labels],
        description=result.description,
        audit_score=result.audit_score,
        processed_at=timezone.now(),
        updated_at=timezone.now(),
    )
    if result.vector is not None:
        Embedding.objects.bulk_create(
            [Embedding(upload_id=upload_id, model=result.embedding_model, vector=list(result.vector))],
            update_conflicts=True,
            unique_fields=["upload", "model"],
            update_fields=["vector"],
        )
