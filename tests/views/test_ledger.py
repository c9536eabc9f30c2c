"""The ledger of a finished import is shown on its page and can be downloaded."""

import csv
import io
import json
from collections import Counter
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient, Client

from batches.engine import claim, finish_item, incoming, lifecycle
from batches.engine.announce import announce_items, ignore_items
from batches.failures.ledger_export import items_after
from batches.live.ledger import count_ignored
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemResult
from bench import rows
from tests.support.batches import assert_counters_match, digest, make_batch, make_upload
from tests.support.html import compact
from tests.support.imports import finish_all, queue_picture, send_sidecar
from tests.support.query_plans import indexes, truncate_tables

pytestmark = pytest.mark.django_db(transaction=True)


def new_file(number: int, name: str) -> incoming.NewFile:
    return incoming.NewFile(name, f"Iceland/{name}", digest("ledger", number), 10)


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A finished import with a file for every line of the ledger."""
    batch = make_batch(owner, 3)
    for result in (ItemResult.NEW, ItemResult.SIDECAR, ItemResult.ARCHIVE):
        claimed = claim.claim_item(batch.id, 4711)
        assert claimed is not None
        finish_item.complete_item(claimed, result=result)
    known, _ = incoming.register_item(batch.id, new_file(1, "known.jpg"))
    incoming.complete_duplicate(known.id, make_upload(owner, 9).id)
    refused, _ = incoming.register_item(batch.id, new_file(2, "=evil.txt"))
    incoming.reject_item(refused.id, "file.unsupported", "It is a text.", digest("text"))
    ignore_items(batch.id, [new_file(3, "Thumbs.db"), new_file(4, "void.jpg")], ["ignored.junk", "ignored.empty"])
    lifecycle.seal_batch(batch.id)
    assert_counters_match(batch)
    return batch


def test_ledger_of_a_finished_import_adds_up(client: Client, owner: User, batch: UploadBatch) -> None:
    client.force_login(owner)

    page = compact(client.get(f"/batches/{batch.id}/").content.decode())

    assert "All 7 files accounted for" in page
    lines = {name: page.split(f'id="ledger-{name}">')[1].split("<")[0] for name in LINES}
    assert lines == LINES
    assert '<span class="number">1</span> The file is empty, so it was ignored.' in page


LINES = {"new": "1", "duplicates": "1", "sidecars": "1", "archives": "1", "refused": "1", "ignored": "2"}


def test_running_import_has_no_ledger(client: Client, owner: User) -> None:
    batch = make_batch(owner, 2)
    client.force_login(owner)

    assert "accounted for" not in client.get(f"/batches/{batch.id}/").content.decode()


def test_ledger_with_missing_files_does_not_claim_to_be_complete(client: Client, owner: User) -> None:
    batch = lifecycle.open_batch(owner.id, "Iceland")
    announce_items(batch.id, [new_file(1, "a.jpg")], lambda ids, found: None)
    lifecycle.seal_batch(batch.id)
    client.force_login(owner)

    page = compact(client.get(f"/batches/{batch.id}/").content.decode())

    assert "What happened to the 1 file" in page
    assert "accounted for" not in page


async def download(owner: User, batch: UploadBatch, kind: str) -> str:
    client = AsyncClient()
    await client.aforce_login(owner)
    response: Any = await client.get(f"/batches/{batch.id}/files.{kind}")
    assert response.status_code == 200
    return "".join([part.decode() async for part in response])


async def test_ledger_is_sent_as_json(owner: User, batch: UploadBatch) -> None:
    files = json.loads(await download(owner, batch, "json"))

    assert Counter(file["result"] for file in files) == {
        "new": 1, "duplicate": 1, "sidecar": 1, "archive": 1, "refused": 1, "ignored": 2,
    }  # fmt: skip
    by_path = {file["path"]: file for file in files}
    assert by_path["Iceland/known.jpg"]["sha256"] == digest(owner.id, 9)
    assert by_path["Iceland/known.jpg"]["picture"]
    assert by_path["Iceland/=evil.txt"]["sha256"] == digest("text")
    assert by_path["Iceland/Thumbs.db"]["code"] == "ignored.junk"


async def test_ledger_names_the_picture_that_a_sidecar_describes(owner: User) -> None:
    batch, main = await sync_to_async(import_sidecars)(owner)

    files = json.loads(await download(owner, batch, "json"))

    pictures = {file["path"]: file["picture"] for file in files if file["result"] == "sidecar"}
    assert pictures == {"a/IMG_1.DNG.json": main, "a/IMG_2.jpg.json": "", "a/metadata.json": ""}


def import_sidecars(owner: User) -> tuple[UploadBatch, int]:
    """Import sidecars for a RAW file, a missing picture and a folder.

    Return the batch and the id of the RAW file's JPEG.
    """
    batch = lifecycle.open_batch(owner.id, "Camera")
    queue_picture(batch, "a/IMG_1.DNG")
    main = queue_picture(batch, "a/IMG_1.JPG")
    taken = {"photoTakenTime": {"timestamp": "1706702400"}}
    for name in ("IMG_1.DNG.json", "IMG_2.jpg.json"):
        send_sidecar(batch, f"a/{name}", taken)
    send_sidecar(batch, "a/metadata.json", {"title": "Sea", "date": {}})
    finish_all(batch)
    return batch, main.id


async def test_ledger_is_sent_as_csv_without_formulas(owner: User, batch: UploadBatch) -> None:
    text = await download(owner, batch, "csv")

    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(lines) == 1 + 7
    assert lines[0][:4] == ["File", "Archive", "Bytes", "SHA-256"]
    assert not any(cell.startswith("=") for line in lines for cell in line)


async def test_ledger_of_an_empty_import_is_valid_json(owner: User) -> None:
    batch = await UploadBatch.objects.acreate(owner=owner, name="Nothing")

    assert json.loads(await download(owner, batch, "json")) == []


def test_ledger_uses_its_indexes(transactional_db: None) -> None:
    truncate_tables()
    batch_id = rows.fill(4000)
    rows.fill(8000)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE batches_batchitem SET status = 'ignored', error_code = 'ignored.junk', queue_position = NULL,"
            " finished_at = now() WHERE batch_id = %s AND queue_position <= 400",
            [batch_id],
        )
        cursor.execute("VACUUM ANALYZE batches_batchitem")
    middle = BatchItem.objects.filter(batch_id=batch_id).order_by("-id")[1000].id

    assert "item_batch" in indexes(items_after(batch_id, middle)[:2000])
    assert indexes(count_ignored(batch_id)) == {"item_ignored"}
