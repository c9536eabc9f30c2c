"""The row of an upload whose bytes are arriving, found and written by prepared statements (uploads/prepared.py)."""

from uploads.models import Upload
from uploads.prepared import fetch_row, fetch_rows

# Of the many columns only these have something to say yet; by the ORM it would cost three times the processor time.
INSERT = """
INSERT INTO uploads_upload (owner_id, key, sha256, filename, size, mime_type, kind, camera, metadata, previews,
                            labels, description, hidden, created_at, updated_at)
VALUES (%(owner)s, %(key)s, %(sha256)s, %(filename)s, %(size)s, %(mime_type)s, %(kind)s, '', '{}', '{}',
        '[]', '', false, clock_timestamp(), clock_timestamp())
RETURNING id
"""

FIND = "SELECT id, key, processed_at FROM uploads_upload WHERE owner_id = %(owner)s AND sha256 = %(sha256)s"


def find(owner_id: int, sha256: str) -> Upload | None:
    """Return the owner's upload of these bytes, with its key and `processed_at` alone; None when there is none."""
    row = fetch_row(FIND, {"owner": owner_id, "sha256": sha256})
    return Upload.from_db("default", ["id", "key", "processed_at"], row) if row else None


def insert(upload: Upload) -> None:
    """Write a new upload's row and set its id, as `save(force_insert=True)` would.

    Waits for a concurrent insert of the same bytes. Raises IntegrityError when the owner has them.
    """
    facts = {"key": upload.key, "sha256": upload.sha256, "filename": upload.filename, "size": upload.size}
    kinds = {"owner": upload.owner_id, "mime_type": upload.mime_type, "kind": str(upload.kind)}
    [(upload.id,)] = fetch_rows(INSERT, facts | kinds)
    upload._state.adding, upload._state.db = False, "default"
