"""Failures can be downloaded as a CSV file."""

import asyncio
import csv
import io
import re
from threading import Event

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.urls import reverse

from batches.failures import csv_export
from batches.models import BatchItem
from tests.support.async_requests import Answer, AsyncBrowser
from tests.support.batches import make_batch
from tests.support.failures import fail_stored, reject_file
from uploads import db_threads

pytestmark = pytest.mark.django_db(transaction=True)


def download(user: User, query: str = "") -> Answer:
    return async_to_sync(AsyncBrowser(user).get)(reverse("failures-csv") + query)


def table(answer: Answer) -> list[list[str]]:
    """Return the rows of the CSV file, including the header."""
    return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))


def test_csv_contains_every_failure_with_its_text(owner: User) -> None:
    batch = make_batch(owner, 1)
    fail_stored(batch)
    reject_file(batch, "notes.txt")

    answer = download(owner)

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="problems-')
    heading, *rows = table(answer)
    assert heading[:4] == ["Import", "File", "Bytes", "Code"]
    assert [row[:4] for row in rows] == [
        ["Iceland", "Iceland/IMG_0000.JPG", "1000", "item.internal"],
        ["Iceland", "notes.txt", "1", "file.unsupported"],
    ]
    assert rows[1][4] == "This file type is not supported."
    assert rows[1][5].endswith(" It is a text.")


def test_csv_of_one_error_code_omits_others(owner: User) -> None:
    batch = make_batch(owner, 1)
    fail_stored(batch)
    reject_file(batch, "notes.txt")

    assert [row[3] for row in table(download(owner, "?code=file.unsupported"))[1:]] == ["file.unsupported"]


def test_csv_of_a_code_with_nul_is_empty(owner: User) -> None:
    fail_stored(make_batch(owner, 1))

    assert len(table(download(owner, "?code=item.internal%00"))) == 1


def test_csv_omits_failures_of_other_users(owner: User, other: User) -> None:
    fail_stored(make_batch(owner, 1))

    assert len(table(download(other))) == 1


def test_csv_is_in_the_language_of_the_reader(owner: User) -> None:
    fail_stored(make_batch(owner, 1))

    answer = async_to_sync(AsyncBrowser(owner).get)(reverse("failures-csv"), Accept_Language="de")

    heading, row = table(answer)
    assert heading[:2] == ["Import", "Datei"]
    assert row[4] == "Bei der Verarbeitung dieser Datei ist ein interner Fehler aufgetreten."


def test_csv_omits_dismissed_failures(owner: User) -> None:
    item = fail_stored(make_batch(owner, 1))
    BatchItem.objects.filter(id=item.id).update(dismissed_at=item.finished_at)

    assert len(table(download(owner))) == 1


def test_csv_begins_with_a_byte_order_mark(owner: User) -> None:
    reject_file(make_batch(owner, 0), "Käse.txt")

    body = download(owner).body

    assert body.startswith(b"\xef\xbb\xbf" + b'"Import",')
    assert "Käse.txt" in body.decode()


@pytest.mark.parametrize("name", ["x;=1+1", 'x;"=1+1', "x;\uff1d1+1"])
def test_csv_escapes_formulas_after_a_semicolon(owner: User, name: str) -> None:
    """In German Excel, a semicolon starts a new cell, even in quotes, so each part must be safe."""
    reject_file(make_batch(owner, 0), name, "new.code", "a;@b")

    body = download(owner).body.decode("utf-8-sig")

    assert not [cell for cell in re.split(r"[;\r\n]", body) if re.match(r'["\s]*[=+\-@\uff1d]', cell)]


def test_csv_quotes_every_cell(owner: User) -> None:
    reject_file(make_batch(owner, 0), "notes.txt")

    lines = download(owner).body.decode("utf-8-sig").splitlines()

    assert all(line.startswith('"') and line.endswith('"') for line in lines)
    assert all(line.count('","') == 6 for line in lines)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_escapes_cells_that_spreadsheets_would_run(owner: User, sign: str) -> None:
    reject_file(make_batch(owner, 0, f"{sign}1+1"), f"{sign}cmd|' /C calc'!A0", "new.code", f"{sign}2")

    row = table(download(owner))[1]

    assert not [cell for cell in row if cell.startswith(sign)]
    assert row[1] == f"'{sign}cmd|' /C calc'!A0"


def test_large_csv_is_streamed_completely_in_chunks(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "CHUNK_ITEMS", 2)
    one, two = make_batch(owner, 0, "One"), make_batch(owner, 0, "Two")
    for number in range(5):
        reject_file(one, f"a{number}.txt")
        reject_file(two, f"b{number}.txt")

    answer = download(owner)

    assert len(answer.pieces) > 4
    names = [row[1] for row in table(answer)[1:]]
    assert names == [f"{batch}{number}.txt" for batch in "ab" for number in range(5)]


@pytest.mark.parametrize("query", ["", "?code=file.unsupported"])
def test_csv_chunks_keep_the_order_of_batches(
    owner: User, other: User, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(csv_export, "CHUNK_ITEMS", 2)
    monkeypatch.setattr(csv_export, "CHUNK_BATCHES", 2)
    batches = [make_batch(owner, 0, f"{number}") for number in range(3)]
    for round_ in range(3):
        for batch in batches:
            reject_file(batch, f"{batch.name}{round_}.txt")
        reject_file(make_batch(other, 0), "secret.txt")

    names = [row[1] for row in table(download(owner, query))[1:]]

    assert names == [f"{batch}{round_}.txt" for batch in range(3) for round_ in range(3)]


async def test_csv_is_sent_while_all_threads_of_live_pages_are_busy(owner: User) -> None:
    await sync_to_async(lambda: reject_file(make_batch(owner, 0), "notes.txt"))()
    browser, resume = await sync_to_async(AsyncBrowser)(owner), Event()
    busy = [asyncio.create_task(db_threads.run_query(resume.wait)) for _ in range(8)]

    try:
        async with asyncio.timeout(60):
            answer = await browser.get(reverse("failures-csv"))
    finally:
        resume.set()
        await asyncio.gather(*busy)

    assert [row[1] for row in table(answer)[1:]] == ["notes.txt"]
