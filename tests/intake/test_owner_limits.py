"""Limits on the imports and files that one owner may register; without free disk space, no file is registered."""

import errno
import json
import os
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from batches.engine import lifecycle
from batches.intake import owner_limits
from batches.intake.owner_limits import HourlyRate
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.images import encoded, textured

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(64, 48), "JPEG")


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Reset the hourly limits, which other tests may have used up, and count unfinished files every time."""
    monkeypatch.setattr(owner_limits, "new_files", HourlyRate(lambda: settings.OWNER_FILES_PER_HOUR))
    monkeypatch.setattr(owner_limits, "new_batches", HourlyRate(lambda: settings.OWNER_BATCHES_PER_HOUR))
    monkeypatch.setattr(owner_limits, "FRESH_SECONDS", 0.0)


def open_batch(browser: Client, expected_items: int = 1) -> tuple[int, Any]:
    body = {"name": "Iceland", "expected_items": expected_items}
    response = browser.post(reverse("batch-open"), body, content_type="application/json")
    return response.status_code, response


def known(browser: Client, batch: UploadBatch, **file: str) -> tuple[int, Any]:
    """Send a preflight request for an unsupported file, which creates the file's row unless a limit prevents it."""
    row = {"relative_path": "", "filename": "a.txt", "size": 4, "last_modified": "1", "head": "dGV4dA=="} | file
    response = browser.post(
        reverse("batch-unsent", args=[batch.id]), json.dumps({"files": [row]}), content_type="application/json"
    )
    return response.status_code, response.json()


def test_open_imports_are_limited_until_one_is_sealed(browser: Client, settings: Settings, ada: User) -> None:
    settings.OWNER_OPEN_BATCHES = 2
    assert [open_batch(browser)[0] for _ in range(3)] == [201, 201, 409]

    lifecycle.seal_batch(UploadBatch.objects.latest("id").id)

    assert open_batch(browser)[0] == 201


def test_announced_files_are_limited_over_all_imports(browser: Client, settings: Settings) -> None:
    settings.OWNER_OPEN_FILES = 10

    assert [open_batch(browser, expected)[0] for expected in (6, 5, 4)] == [201, 409, 201]


def test_imports_per_hour_are_limited(browser: Client, settings: Settings) -> None:
    settings.OWNER_BATCHES_PER_HOUR = 2
    assert [open_batch(browser)[0] for _ in range(2)] == [201, 201]

    status, response = open_batch(browser)

    assert status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 1800


def test_registered_files_are_limited(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    settings.OWNER_OPEN_FILES = 1
    answers = [tus.create(batch.id, f"{number}.jpg", 100) for number in range(3)]

    assert [answer.status for answer in answers] == [201, 413, 413]
    assert answers[1].text.startswith("files.too_many_open: ")
    assert tus.create(batch.id, "0.jpg", 100).status == 201
    assert BatchItem.objects.count() == 1


def test_announced_files_may_be_registered(tus: TusClient, ada: User, settings: Settings) -> None:
    settings.OWNER_OPEN_FILES = 3
    batch = lifecycle.open_batch(ada.id, "Iceland", expected_items=3)

    answers = [tus.create(batch.id, f"{number}.jpg", 100) for number in range(4)]

    assert [answer.status for answer in answers] == [201, 201, 201, 413]


def test_registered_files_per_hour_are_limited(
    tus: TusClient, browser: Client, batch: UploadBatch, settings: Settings
) -> None:
    settings.OWNER_FILES_PER_HOUR = 1
    tus.create(batch.id, "0.jpg", 100)

    refused = tus.create(batch.id, "1.jpg", 100)

    assert (refused.status, refused.text.partition(":")[0]) == (429, "rate.exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert known(browser, batch)[1] == {"files": [{"state": "unknown", "message": ""}]}
    assert BatchItem.objects.count() == 1


def announce(browser: Client, batch: UploadBatch, count: int) -> tuple[int, str]:
    files = [
        {"relative_path": "", "filename": f"{number}.jpg", "size": 4, "last_modified": "1"} for number in range(count)
    ]
    response = browser.post(
        reverse("batch-announce", args=[batch.id]), json.dumps({"files": files}), content_type="application/json"
    )
    return response.status_code, response.json().get("code", "")


def test_announcements_are_limited(browser: Client, batch: UploadBatch, settings: Settings) -> None:
    settings.OWNER_OPEN_FILES = 3
    assert announce(browser, batch, 4) == (413, "files.too_many_open")
    assert announce(browser, batch, 3) == (200, "")
    assert announce(browser, batch, 3) == (200, "")

    assert BatchItem.objects.count() == 3


def test_announcements_per_hour_are_limited(browser: Client, batch: UploadBatch, settings: Settings) -> None:
    settings.OWNER_FILES_PER_HOUR = 3

    assert announce(browser, batch, 4) == (429, "rate.exceeded")
    assert announce(browser, batch, 3) == (200, "")


def test_announcements_respect_the_space_to_keep_free(browser: Client, batch: UploadBatch, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 2**60

    assert announce(browser, batch, 1) == (507, "storage.full")
    assert not BatchItem.objects.exists()


def test_creation_refused_for_space_leaves_no_row(tus: TusClient, batch: UploadBatch, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 2**60

    answers = [tus.create(batch.id, "a.jpg", len(JPEG)), tus.create_with(batch.id, "b.jpg", len(JPEG), JPEG)]

    assert [(answer.status, answer.text.partition(":")[0]) for answer in answers] == [(507, "storage.full")] * 2
    assert not BatchItem.objects.exists()
    batch.refresh_from_db()
    assert batch.total == 0


def test_known_files_respect_the_space_to_keep_free(browser: Client, batch: UploadBatch, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 2**60

    status, answer = known(browser, batch)

    assert (status, answer["code"]) == (507, "storage.full")
    assert not BatchItem.objects.exists()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_lack_of_descriptors_is_not_reported_as_a_disk_error(
    tus: TusClient, browser: Client, batch: UploadBatch, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def statvfs(_path: object) -> None:
        raise OSError(number, "Too many open files")

    monkeypatch.setattr(os, "statvfs", statvfs)

    answer = tus.create(batch.id, "a.jpg", 100)

    assert (answer.status, answer.text.partition(":")[0]) == (503, "server.busy")
    assert int(answer.headers["retry-after"]) > 0
    status, content = known(browser, batch)
    assert (status, content["code"]) == (503, "server.busy")
