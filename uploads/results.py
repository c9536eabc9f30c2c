"""Writing what processing found into the rows of an upload."""

import json

from uploads.pipeline import Result
from uploads.prepared import fetch_row

# Twenty times the columns of a finish, for every file: prepared for the same reason (uploads/prepared.py). By the
# ORM it would be two statements and a savepoint.
SAVE = """
WITH saved AS (
    UPDATE uploads_upload
       SET kind = %(kind)s, mime_type = %(mime_type)s, width = %(width)s, height = %(height)s,
           duration = %(duration)s, taken_at = %(taken_at)s, latitude = %(latitude)s, longitude = %(longitude)s,
           camera = %(camera)s, metadata = %(metadata)s::jsonb, previews = %(previews)s::jsonb,
           labels = %(labels)s::jsonb, description = %(description)s, audit_score = %(audit_score)s,
           processed_at = clock_timestamp(), updated_at = clock_timestamp()
     WHERE id = %(upload)s
    RETURNING id
)
INSERT INTO uploads_embedding (upload_id, model, vector)
SELECT id, %(model)s, %(vector)s::vector FROM saved WHERE %(vector)s::text IS NOT NULL
    ON CONFLICT (upload_id, model) DO UPDATE SET vector = excluded.vector
RETURNING id
"""


def save_result(upload_id: int, result: Result, previews: dict[str, str]) -> None:
    """Replace everything known of an upload; call it inside the transaction that finishes its item.

    `previews` are storage names by longest side, already written. A result without a vector leaves the old one.
    """
    fetch_row(
        SAVE,
        {
            "upload": upload_id,
            "kind": result.kind,
            "mime_type": result.mime_type,
            "width": result.width,
            "height": result.height,
            "duration": result.duration,
            "taken_at": result.taken_at,
            "latitude": result.latitude,
            "longitude": result.longitude,
            "camera": result.camera,
            "metadata": json.dumps(result.metadata),
            "previews": json.dumps(previews),
            "labels": json.dumps([{"name": label.name, "score": round(label.score, 4)} for label in result.labels]),
            "description": result.description,
            "audit_score": result.audit_score,
            "model": result.embedding_model,
            "vector": result.vector and f"[{','.join(map(str, result.vector))}]",
        },
    )
