"""Tus requests run few SQL statements, including those that read the session and the user."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches.intake.file_name import FileName
from batches.intake.tus import steps
from batches.intake.tus.headers import Creation, Patch
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def statements(start: steps.Start, patch: Patch | None = None, data: bytes = b"") -> int:
    """Run a request and return its number of SQL statements, not counting transaction control."""
    transfer = steps.Transfer(patch)
    with CaptureQueriesContext(connection) as captured:
        steps.run_whole(start, transfer, data)
        transfer.close()
    return sum(not query["sql"].startswith(CONTROL) for query in captured.captured_queries)


def test_small_file_in_one_request_needs_few_statements(tus: TusClient, batch: UploadBatch) -> None:
    creation = Creation(batch.id, FileName("a.jpg", len(JPEG)))
    create = partial(steps.start_post, tus.headers["Cookie"], creation)

    assert statements(create, Patch(0, len(JPEG), overlap=True), JPEG) <= 12


def test_file_in_pieces_needs_three_statements_per_piece(tus: TusClient, batch: UploadBatch) -> None:
    cookies = tus.headers["Cookie"]
    creation = Creation(batch.id, FileName("b.jpg", len(JPEG)))

    created = statements(partial(steps.start_post, cookies, creation))
    patch = partial(steps.start_patch, cookies, batch.items.get().id)
    middle = statements(patch, Patch(0, 100), JPEG[:100])
    last = statements(patch, Patch(100, len(JPEG) - 100), JPEG[100:])

    assert created <= 6
    assert middle == 3
    assert last <= 9
