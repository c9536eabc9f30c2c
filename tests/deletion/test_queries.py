"""The queries of a deletion use their indexes."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from batches.engine import delete_batch
from batches.engine.delete_batch import UNREFERENCED_UPLOADS
from batches.models import BatchItem
from bench import rows
from tests.deletion.stored_files import store
from tests.support.batches import make_upload
from tests.support.query_plans import indexes, truncate_tables
from uploads.storage.file_deletion import CLAIM_DUE

pytestmark = pytest.mark.django_db(transaction=True)


def test_deletion_queries_use_their_indexes(owner: User) -> None:
    truncate_tables()
    rows.fill(4_000)
    batch = rows.fill(4_000)
    upload = store(make_upload(owner, 1))
    BatchItem.objects.filter(batch=batch).update(upload=upload)
    rows.vacuum()
    used = indexes(UNREFERENCED_UPLOADS, ids=list(range(1, 501)), ignored=[1, 2])

    assert any(str(name).startswith("batches_batchitem_upload_id") for name in used)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO uploads_filedeletion (key, previews, tries, due_at)"
            " SELECT gen_random_uuid(), '{}', 0, now() + interval '1 h' FROM generate_series(1, 5000)"
        )
        cursor.execute("ANALYZE uploads_filedeletion")
    assert "filedeletion_due" in indexes(CLAIM_DUE, delay=timedelta(minutes=1), doublings=6, chunk=100)
    assert {"item_batch"} <= indexes(delete_batch.DELETE_ITEMS, batch=batch, chunk=500)
