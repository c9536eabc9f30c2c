"""Files that the owner already has stored do not count towards the quota again."""

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from batches.engine import lifecycle
from batches.engine.refusals import Refused
from batches.intake import quota
from batches.intake.local_files import find_existing, inspect_file, receive_local_file
from batches.intake.preflight import SAMPLE_BYTES
from batches.models import UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from uploads.models import Upload

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = encoded(textured(320, 240), "JPEG")
PHOTO = b"8BPS\0\x01" + bytes(len(PICTURE))


@pytest.fixture(autouse=True)
def limit(settings: Settings, monkeypatch: pytest.MonkeyPatch, tus: TusClient, batch: UploadBatch) -> None:
    """Set a quota of one and a half pictures and store one picture; recompute the usage every time."""
    settings.OWNER_BYTES = len(PICTURE) * 3 // 2
    monkeypatch.setattr(quota, "usage", quota.OwnerUsage())
    monkeypatch.setattr(quota, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(quota, "RECHECK_SECONDS", 0.0)
    assert tus.send(batch.id, "a.jpg", PICTURE).status == 204
    Upload.objects.update(processed_at=timezone.now())


@pytest.fixture
def again(ada: User) -> UploadBatch:
    return lifecycle.open_batch(ada.id, "Again")


def preflight(person: User, batch: UploadBatch, **values: object) -> Any:
    browser = Client()
    browser.force_login(person)
    file = {"relative_path": "a.jpg", "filename": "a.jpg", "size": len(PICTURE), "last_modified": "1000"}
    return browser.post(f"/batches/{batch.id}/unsent/", {"files": [file | values]}, "application/json").json()["files"][
        0
    ]


def test_stored_file_completes_without_its_bytes_over_the_quota(ada: User, again: UploadBatch) -> None:
    answer = preflight(ada, again, sha256=hashlib.sha256(PICTURE).hexdigest())

    assert answer["state"] == "duplicate"
    assert_counters_match(again)


def test_unsupported_file_needs_no_quota(ada: User, again: UploadBatch) -> None:
    answer = preflight(ada, again, size=len(PHOTO), head=b64encode(PHOTO[:SAMPLE_BYTES]).decode())

    assert answer["state"] == "refused"
    assert again.items.get().error_code == "file.unsupported"


def test_stored_local_file_needs_no_quota(ada: User, again: UploadBatch, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    local = inspect_file(tmp_path / "a.jpg", "roll/a.jpg")

    outcome = receive_local_file(again, local, find_existing(again, [local]))

    assert outcome.state == "duplicate"
    assert_counters_match(again)


def test_other_bytes_of_a_stored_size_need_quota(ada: User, again: UploadBatch, tmp_path: Path) -> None:
    (tmp_path / "b.jpg").write_bytes(PICTURE[:-1] + b"?")
    local = inspect_file(tmp_path / "b.jpg", "roll/b.jpg")

    with pytest.raises(Refused, match="are already used or reserved"):
        receive_local_file(again, local, find_existing(again, [local]))

    assert not again.items.exists()
