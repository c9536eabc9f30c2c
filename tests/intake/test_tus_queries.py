"""What one request costs the database, session and user included."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batches.intake.file_name import FileName
from batches.intake.tus import handlers
from batches.intake.tus.headers import Creation, Patch
from batches.intake.tus.state import UploadState
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def counted(request: Callable[[handlers.Transfer], UploadState | None]) -> int:
    """The statements of a request, without those that only begin and end transactions."""
    sending = handlers.Transfer()
    with CaptureQueriesContext(connection) as captured:
        request(sending)
        sending.close()
    return sum(not query["sql"].startswith(CONTROL) for query in captured.captured_queries)


def test_small_file_in_one_request_costs_few_statements(tus: TusClient, batch: UploadBatch) -> None:
    cookies = tus.headers["Cookie"]
    whole = Creation(batch.id, FileName("a.jpg", len(JPEG)), Patch(0, len(JPEG), overlap=True))

    assert counted(lambda sending: handlers.create_upload(cookies, whole, sending, JPEG)) <= 12


def test_file_in_pieces_costs_three_statements_a_piece(tus: TusClient, batch: UploadBatch) -> None:
    cookies = tus.headers["Cookie"]
    creation = Creation(batch.id, FileName("b.jpg", len(JPEG)))

    created = counted(lambda sending: handlers.create_upload(cookies, creation, sending, None))
    item_id = batch.items.get().id
    middle = counted(lambda sending: handlers.patch_upload(cookies, item_id, Patch(0, 100), sending, JPEG[:100]))
    rest = JPEG[100:]
    last = counted(lambda sending: handlers.patch_upload(cookies, item_id, Patch(100, len(rest)), sending, rest))

    assert created <= 6
    assert middle == 3
    assert last <= 9
