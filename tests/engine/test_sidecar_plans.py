"""The statements for sidecars, albums and parts use their indexes in a large batch."""

from datetime import timedelta

import pytest
from django.db import connection

from batches.engine.link_albums import NEAREST_BATCH, WITHOUT_ALBUM
from batches.engine.link_picture import FIND_SIBLINGS
from batches.engine.link_sidecars import DUE, FIND_PICTURES
from batches.engine.liveness import WORKER_LOCK_CLASS
from batches.engine.maintenance_check import MAINTENANCE_CHECK
from batches.engine.sidecar_entries import FIND_ENTRIES
from batches.models import BatchItem
from bench import rows
from tests.support.query_plans import indexes, truncate_tables
from uploads.picture_facts import FIND_GROUP, LOCK_PICTURE, LOCK_PICTURES
from uploads.storage.file_deletion import LOCK_UPLOADS, RELEASE_PARTS

pytestmark = pytest.mark.django_db(transaction=True)
FILES = 4_000
FILL = """
UPDATE batches_batchitem SET folder_key = id % 20, name_key = id;
INSERT INTO batches_sidecarentry (item_id, kind, name, folder_key, name_key, values, is_due)
SELECT id, 'takeout', '', folder_key, name_key, '{}', false FROM batches_batchitem;
UPDATE uploads_upload SET group_id = CASE WHEN id % 2 = 0 THEN 'live:' || id ELSE '' END;
UPDATE uploads_upload SET part_of_id = id + 1, part_role = 'live' WHERE id % 8 = 0
   AND id < (SELECT max(id) FROM uploads_upload);
ANALYZE batches_batchitem, batches_sidecarentry, uploads_upload;
"""


@pytest.fixture
def large_batch(transactional_db: None) -> int:
    """A batch of many pictures, each with a sidecar entry. Some of the pictures are parts of others."""
    truncate_tables()
    batch_id = rows.fill(FILES)
    rows.attach_pictures(batch_id)
    with connection.cursor() as cursor:
        cursor.execute(FILL)
    return batch_id


def test_statements_use_their_indexes(large_batch: int) -> None:
    item = BatchItem.objects.latest("id")

    # Finding the sidecars and parts of a finished picture.
    assert {"sidecarentry_keys", "batches_batchitem_pkey"} <= indexes(FIND_ENTRIES, item=item.id, upload=item.upload_id)
    assert "item_keys" in indexes(FIND_SIBLINGS, item=item.id, upload=item.upload_id)
    assert {"uploads_upload_pkey", "upload_parts"} <= indexes(LOCK_PICTURE, id=item.upload_id)
    assert {"uploads_upload_pkey", "upload_parts"} <= indexes(LOCK_PICTURES, ids=[item.upload_id, 1])
    assert "upload_group" in indexes(FIND_GROUP, owner=item.batch.owner_id, group="live:1")
    # Finding the pictures of a sidecar or an album.
    assert "sidecarentry_due" in indexes(DUE, item=item.id, page=200)
    assert {"item_keys", "batches_sidecarentry_pkey"} <= indexes(FIND_PICTURES, ids=[1])
    assert "item_keys" in indexes(NEAREST_BATCH, id=1)
    assert "item_keys" in indexes(WITHOUT_ALBUM, folder=1, batch=large_batch, after=0, album="{}", page=200)
    # Checking whether maintenance is due, and deleting pictures with parts.
    assert "sidecarentry_due" in indexes(MAINTENANCE_CHECK, locks=WORKER_LOCK_CLASS, expiry=timedelta(days=1), limit=8)
    assert "upload_parts" in indexes(LOCK_UPLOADS, ids=[1])
    assert "upload_parts" in indexes(RELEASE_PARTS, ids=[1])
