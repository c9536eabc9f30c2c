"""Prepared statements that find, insert and update uploads, for the hot paths of intake and processing."""

import json
from typing import TYPE_CHECKING

from pgvector import HalfVector

from uploads.analysis.text_vector import TextVector
from uploads.database import fetch_row, fetch_rows
from uploads.models import Upload
from uploads.models.upload import MAX_TEXT
from uploads.picture_facts import FACTS, PictureRow, Sidecars, facts_parameters, group_id_of
from uploads.sidecars.merge import PlaceAndTime
from uploads.sidecars.own_edits import removed_labels
from uploads.text import storable

if TYPE_CHECKING:  # importing the pipeline loads the image libraries, which most processes do not need
    from uploads.pipeline import Result

FIND_BY_SHA256 = """
SELECT id, key, processed_at, trashed_at FROM uploads_upload WHERE owner_id = %(owner)s AND sha256 = %(sha256)s
"""
# Insert only the columns that have values in a new upload. The ORM would take three times as much CPU time.
INSERT_UPLOAD = """
INSERT INTO uploads_upload (owner_id, key, sha256, filename, size, mime_type, kind, taken_source, camera, metadata,
                            previews, labels, description, created_at, updated_at)
VALUES (%(owner)s, %(key)s, %(sha256)s, %(filename)s, %(size)s, %(mime_type)s, %(kind)s, '', '', '{}', '{}',
        '[]', '', clock_timestamp(), clock_timestamp())
RETURNING id
"""
# With the ORM, this would take two statements and a savepoint.
SAVE_RESULT = f"""
WITH saved AS (
    UPDATE uploads_upload
       SET kind = %(kind)s, mime_type = %(mime_type)s, width = %(width)s, height = %(height)s,
           duration = %(duration)s, {FACTS}, group_id = %(group_id)s,
           camera = %(camera)s, metadata = %(metadata)s::jsonb, previews = %(previews)s::jsonb,
           tint = %(tint)s, labels = %(labels)s::jsonb,
           description = CASE WHEN description_edited THEN description ELSE %(description)s END,
           description_model = CASE WHEN description_edited THEN description_model ELSE %(description_model)s END,
           audit_score = CASE WHEN description_edited THEN audit_score ELSE %(audit_score)s END,
           regenerations = regenerations + %(regenerations)s,
           processed_at = clock_timestamp(), updated_at = clock_timestamp()
     WHERE id = %(upload)s
    RETURNING id, owner_id
), appearance AS (
    INSERT INTO uploads_appearance (upload_id, owner_id, code, features, due_at)
    SELECT id, owner_id, %(code)s, %(features)s::halfvec, clock_timestamp() FROM saved
        ON CONFLICT (upload_id)
        DO UPDATE SET code = excluded.code, features = excluded.features, due_at = excluded.due_at
)
INSERT INTO uploads_embedding (upload_id, owner_id, model, vector)
SELECT id, owner_id, %(model)s, %(vector)s::halfvec FROM saved WHERE %(vector)s::halfvec IS NOT NULL
    ON CONFLICT (upload_id, model) DO UPDATE SET vector = excluded.vector
RETURNING upload_id
"""
SAVE_TEXT = """
WITH before AS (SELECT text_found FROM uploads_upload WHERE id = %(upload)s)
UPDATE uploads_upload SET text_found = %(text)s, text_model = %(model)s, updated_at = clock_timestamp()
 WHERE id = %(upload)s RETURNING (SELECT text_found FROM before)
"""
ADD_TO_VECTOR = """
UPDATE uploads_embedding SET vector = l2_normalize(vector + %(vector)s::halfvec)
 WHERE upload_id = %(upload)s AND model = %(model)s RETURNING id
"""


def find_by_sha256(owner_id: int, sha256: str) -> Upload | None:
    """Return the owner's upload with this checksum, or None.

    Only its `id`, `key`, `processed_at` and `trashed_at` are loaded.
    """
    row = fetch_row(FIND_BY_SHA256, {"owner": owner_id, "sha256": sha256})
    return Upload.from_db("default", ["id", "key", "processed_at", "trashed_at"], row) if row else None


def insert_upload(upload: Upload) -> None:
    """Insert a new upload and set its id, as `save(force_insert=True)` would.

    Waits for a concurrent insert of the same bytes. Raises IntegrityError if the owner already has these bytes.
    """
    parameters = {
        "owner": upload.owner_id,
        "key": upload.key,
        "sha256": upload.sha256,
        "filename": upload.filename,
        "size": upload.size,
        "mime_type": upload.mime_type,
        "kind": str(upload.kind),
    }
    [(upload.id,)] = fetch_rows(INSERT_UPLOAD, parameters)
    upload._state.adding, upload._state.db = False, "default"


def save_result(picture: PictureRow, result: "Result", previews: dict[str, str], sidecars: Sidecars) -> None:
    """Replace all results of a locked picture; call this inside the transaction that finishes its item.

    `sidecars` are the values of all the picture's sidecars; they take precedence over those of the result. `previews`
    maps each longest side to the storage name of a preview that is already written. If the result has no vector, the
    old vector is kept. A description that a user edited is kept too, and removed labels stay removed.
    """
    file = PlaceAndTime(result.taken_at, result.utc_offset, result.taken_source, result.latitude, result.longitude)
    removed = removed_labels(sidecars)
    labels = [label for label in result.labels if label.name not in removed]
    fetch_row(
        SAVE_RESULT,
        {
            "upload": picture.id,
            "kind": result.kind,
            "mime_type": result.mime_type,
            "width": result.width,
            "height": result.height,
            "duration": result.duration,
            "group_id": group_id_of(result.metadata),
            **facts_parameters(picture.filename, sidecars, file),
            "camera": result.camera,
            "metadata": json.dumps(result.metadata),
            "previews": json.dumps(previews),
            "tint": result.tint,
            "labels": json.dumps([{"name": label.name, "score": round(label.score, 4)} for label in labels]),
            "description": result.description,
            "description_model": result.description_model,
            "audit_score": result.audit_score,
            "regenerations": result.regenerations,
            "model": result.embedding_model,
            "vector": _vector(result.vector),
            "code": result.code,
            "features": _vector(result.features),
        },
    )


def save_text(upload_id: int, model: str, text: str, vector: TextVector | None) -> None:
    """Save the text that `model` found in a picture; call this inside the transaction that finishes its item.

    `vector` is the text's vector; see embed_text(). If this is the first text found in the picture, `vector` is added
    to the picture's vector of the same model.
    """
    row = fetch_row(SAVE_TEXT, {"upload": upload_id, "model": model, "text": storable(text)[:MAX_TEXT]})
    if row == ("",) and vector is not None:
        fetch_row(ADD_TO_VECTOR, {"upload": upload_id, "model": vector.model, "vector": _vector(vector.numbers)})


def _vector(numbers: tuple[float, ...] | None) -> HalfVector | None:
    return HalfVector(list(numbers)) if numbers else None
