"""The list of a batch's files can be filtered by state, kind and name without reading the whole queue."""

import json
import re
from itertools import product
from typing import Literal
from unicodedata import normalize

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from batches.engine import incoming
from batches.intake.file_name import FileName
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from batches.views.file_list import RESULT_FILTERS, STATUS_FILTERS, FileFilter, filtered_items
from bench import rows
from tests.support.batches import make_batch
from tests.support.html import compact
from tests.support.query_plans import truncate_tables
from uploads.models import MediaKind, Upload

NAME = re.compile(r"IMG_\d{4}\.JPG(?=</)")
INDEXES = {
    "described": "item_completed",
    "failed": "item_failed",
    "waiting": "item_waiting",
    "in-progress": "item_processing",
    "cancelled": "item_cancelled",
    "missing": "item_missing",
    "ignored": "item_ignored",
    **dict.fromkeys(("duplicate", "sidecar", "archive"), "item_result"),
}


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def shown(page: Client, batch: UploadBatch, **query: str) -> list[str]:
    html = compact(page.get(f"/batches/{batch.id}/", query).content.decode())
    return NAME.findall(html.partition('class="files"')[2])


def offered(page: Client, address: str) -> list[str]:
    """Return the kinds that the filter offers."""
    choice = page.get(address).content.decode().split('<select id="file-kind"')[1].split("</select>")[0]
    return re.findall(r'<option value="(\w*)"', choice)


def name(number: int) -> str:
    return f"IMG_{number:04}.JPG"


def test_file_list_filters_by_part_of_the_name(page: Client, owner: User) -> None:
    batch = make_batch(owner, 25)

    assert shown(page, batch, name="_002") == [name(number) for number in range(20, 25)]
    assert shown(page, batch, name="img_0003.j") == [name(3)]
    assert shown(page, batch, name="%") == []


def test_file_list_filters_by_folder(page: Client, owner: User) -> None:
    batch = make_batch(owner, 0)
    for path in ("Roll/Beach 1/IMG_0001.JPG", "Roll/Beach 2/IMG_0002.JPG", "Roll/Town/IMG_0003.JPG"):
        incoming.register_item(batch.id, FileName(path.rsplit("/", 1)[1], 10, path).as_new_file())

    assert shown(page, batch, name="beach") == [name(1), name(2)]
    assert shown(page, batch, name="2/IMG") == [name(2)]


@pytest.mark.parametrize("sent", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_name_filter_normalizes_unicode(
    page: Client, owner: User, sent: Literal["NFC", "NFD"], typed: Literal["NFC", "NFD"]
) -> None:
    batch = make_batch(owner, 1)
    file = FileName(normalize(sent, "Überfahrt.jpg"), 10)
    incoming.register_item(batch.id, file.as_new_file())

    html = compact(page.get(f"/batches/{batch.id}/", {"name": normalize(typed, "über")}).content.decode())

    assert '<span class="name">Überfahrt.jpg</span>' in html
    assert "IMG_0000.JPG" not in html


def test_file_list_filters_by_kind(page: Client, owner: User) -> None:
    batch = make_batch(owner, 4)
    Upload.objects.filter(filename=batch.items.order_by("id")[0].upload.filename).update(kind=MediaKind.VIDEO)  # type: ignore[union-attr]

    assert shown(page, batch, kind="video") == [name(0)]
    assert shown(page, batch, kind="image") == [name(1), name(2), name(3)]
    assert len(shown(page, batch, kind="nonsense")) == 4


def test_kind_filter_offers_supported_kinds_only(page: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"/batches/{make_batch(owner, 1).id}/"

    assert offered(page, address) == ["", "image", "video"]

    monkeypatch.setattr("batches.views.pages.KINDS", frozenset({MediaKind.IMAGE}))
    assert offered(page, address) == ["", "image"]


def test_filters_are_kept_between_pages_and_states(page: Client, owner: User) -> None:
    batch = make_batch(owner, 120)
    query = {"show": "waiting", "name": "IMG", "kind": "image"}
    html = compact(page.get(f"/batches/{batch.id}/", query).content.decode())

    forth = re.search(r'rel="next"[^>]*href="\?([^#"]+)', html)

    assert forth is not None
    assert shown(page, batch, **dict(part.split("=") for part in forth[1].replace("&amp;", "&").split("&")))[0] == name(
        50
    )
    assert 'href="?show=failed&amp;kind=image&amp;name=IMG"' in html


def test_refreshed_file_list_keeps_the_search_form(page: Client, owner: User) -> None:
    batch = make_batch(owner, 2)

    answer = page.get(f"/batches/{batch.id}/", headers={"HX-Request": "true", "HX-Target": "file-list"})

    html = compact(answer.content.decode())
    assert html.startswith('<div id="file-list"')
    assert "IMG_0001.JPG" in html
    assert 'id="file-name"' not in html
    assert "HX-Target" in answer["Vary"]


def test_file_list_of_each_state(page: Client, owner: User) -> None:
    batch = make_batch(owner, 5)
    ids = list(batch.items.order_by("id").values_list("id", flat=True))
    ended = {"queue_position": None, "finished_at": timezone.now()}
    for id, status in zip(ids, (ItemStatus.COMPLETED, ItemStatus.FAILED, ItemStatus.CANCELLED), strict=False):
        result = "new" if status == ItemStatus.COMPLETED else ""
        BatchItem.objects.filter(id=id).update(status=status, result=result, **ended)
    file = incoming.NewFile(name(5), name(5), "5" * 64, 10)
    incoming.register_item(batch.id, file)

    lists = {show: shown(page, batch, show=show) for show in (*STATUS_FILTERS, *RESULT_FILTERS)}

    assert lists == {
        "described": [name(0)],
        "failed": [name(1)],
        "cancelled": [name(2)],
        "waiting": [name(3), name(4), name(5)],
        "in-progress": [],
        "missing": [],
        "ignored": [],
        "duplicate": [],
        "sidecar": [],
        "archive": [],
    }


def test_all_files_are_sorted_by_state_on_all_pages(page: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.views.pages.FILES_PER_PAGE", 3)
    batch = make_batch(owner, 9)
    ids = list(batch.items.order_by("id").values_list("id", flat=True))
    ended = {"queue_position": None, "finished_at": timezone.now()}
    # The last three files stay pending.
    for id, status in zip(ids, ("ignored", "ignored", "cancelled", "completed", "missing", "failed"), strict=False):
        BatchItem.objects.filter(id=id).update(status=status, result="new" if status == "completed" else "", **ended)
    counters = {"successful": 1, "failed": 1, "cancelled": 1, "missing": 1, "ignored": 2}
    UploadBatch.objects.filter(id=batch.id).update(total=7, **counters)
    expected = [[name(5), name(6), name(7)], [name(8), name(4), name(3)], [name(2), name(0), name(1)]]

    forth, last = follow(page, f"/batches/{batch.id}/", "next")
    back, _first = follow(page, last, "prev")

    assert forth == expected
    assert back == expected[::-1]


def follow(page: Client, address: str, direction: str) -> tuple[list[list[str]], str]:
    """Follow the links in `direction` from `address`. Return each page's file names, and the last page's address."""
    pages = []
    while True:
        html = compact(page.get(address).content.decode())
        pages.append(NAME.findall(html.partition('class="files"')[2]))
        link = re.search(rf'rel="{direction}"[^>]*href="(\?[^#"]+)', html)
        if link is None:
            return pages, address
        address = address.partition("?")[0] + link[1]


@pytest.fixture
def large(transactional_db: None) -> int:
    """The id of a large batch, half of it described and some of it failed. Another batch has more failures."""
    truncate_tables()
    batch_id = rows.fill(4_000)
    other = rows.fill(2_000)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE batches_batchitem SET status = 'completed', result = 'new', queue_position = NULL,"
            " finished_at = now()"
            " WHERE batch_id = %s AND queue_position <= 2000",
            [batch_id],
        )
        cursor.execute(
            "UPDATE batches_batchitem SET status = 'failed', error_code = 'image.truncated', queue_position = NULL,"
            " finished_at = now() WHERE batch_id = %s OR (batch_id = %s AND queue_position > 3900)",
            [other, batch_id],
        )
        cursor.execute("ANALYZE batches_batchitem")
    return batch_id


def test_file_lists_use_their_indexes(large: int) -> None:
    middle = BatchItem.objects.filter(batch_id=large).order_by("-id")[1000].id
    filters = [("", ""), ("", "IMG_39"), ("video", "nowhere"), ("image", "")]
    for show, (kind, part) in product((*STATUS_FILTERS, *RESULT_FILTERS), filters):
        rows = filtered_items(large, FileFilter.of(show, kind, part))
        for page in (rows.order_by("id")[:51], rows.filter(id__gt=middle).order_by("id")[:51]):
            assert_walks(INDEXES[show], page)


def assert_walks(index: str, page: QuerySet[BatchItem]) -> None:

    plan = json.dumps(json.loads(page.explain(format="json")))

    assert set(re.findall(r'"Index Name": "(item_\w+)"', plan)) == {index}, plan
