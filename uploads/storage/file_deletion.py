"""Deleting rows of the library: with each goes, in the same transaction, a tombstone that names its files.

The files are removed after the commit, by `uploads/storage/purge.py`. So a crash in between leaves a tombstone, and never a
row without its files.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from uploads.database import fetch_rows

REST = timedelta(seconds=3)
"""Who found the row just before it went may still look whether the file is there: for so long it is."""

LOCK = "SELECT id FROM uploads_upload WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE"
FORGET = "DELETE FROM uploads_embedding WHERE upload_id = ANY(%(ids)s) RETURNING id"
# What is buried once more is a new tombstone: a round that took the old one, and may have looked before these files
# came, removes only that.
DELETE = """
WITH gone AS (
    DELETE FROM uploads_upload WHERE id = ANY(%(ids)s) RETURNING id, key, previews
), buried AS (
    INSERT INTO uploads_filedeletion (key, previews, tries, due_at)
    SELECT key, previews, 0, clock_timestamp() + %(rest)s FROM gone
    ON CONFLICT (key) DO UPDATE SET id = excluded.id, previews = excluded.previews, due_at = excluded.due_at
)
SELECT id FROM gone
"""
BURY = """
INSERT INTO uploads_filedeletion (key, previews, tries, due_at)
SELECT key, '{}', 0, clock_timestamp() + %(rest)s FROM unnest(%(keys)s::uuid[]) AS given (key)
 WHERE NOT EXISTS (SELECT FROM uploads_upload WHERE uploads_upload.key = given.key)
ON CONFLICT (key) DO UPDATE SET id = excluded.id, due_at = excluded.due_at
RETURNING id
"""


def lock_uploads(ids: Collection[int]) -> list[int]:
    """Lock rows in the order of their ids, against anything that would refer to them; returns those that are there.

    Call it in a transaction that has locked the items in question before, and no batch.
    """
    return [id for (id,) in fetch_rows(LOCK, {"ids": sorted(ids)})]


def delete_uploads(ids: Collection[int]) -> int:
    """Delete locked rows to which nothing refers any more, with their vectors; returns how many there were."""
    if not ids:
        return 0
    fetch_rows(FORGET, {"ids": list(ids)})
    return len(fetch_rows(DELETE, {"ids": list(ids), "rest": REST}))


def schedule_deletion(keys: Collection[UUID], rest: timedelta = REST) -> int:
    """Have what may lie in storage under these keys removed after `rest`, unless a row has the key."""
    return len(fetch_rows(BURY, {"keys": list(keys), "rest": rest})) if keys else 0
