"""Requests that the tus endpoint refuses. For invalid headers, see tests/unit/test_tus_headers.py."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.engine.cancel import cancel_batch
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.users import make_user

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Tus-Resumable": ""}, 412, "tus.version"),
        ({"Upload-Offset": "7"}, 409, "tus.offset"),
        ({"Content-Length": "100000000"}, 413, "tus.too_long"),
        ({"Origin": "http://evil.example"}, 403, "origin.foreign"),
        ({"Cookie": ""}, 401, "auth.required"),
        ({"Cookie": "sessionid=guessed"}, 401, "auth.required"),
        ({"Cookie": "sessionid=has\0a NUL"}, 401, "auth.required"),
    ],
)
def test_refused_patch_changes_nothing(
    tus: TusClient, batch: UploadBatch, partial_root: Path, headers: dict[str, str], status: int, code: str
) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    usual = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}

    answer = tus.request("PATCH", location, usual | headers, [JPEG])

    assert (answer.status, answer.text.partition(":")[0]) == (status, code)
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert tus.head(location).offset == 0
    assert not list(partial_root.glob("*"))


def test_creation_with_wrong_headers_creates_nothing(tus: TusClient, batch: UploadBatch) -> None:
    answer = tus.request("POST", "/tus/", {"Upload-Length": "5", "Upload-Metadata": "batch MQ=="})

    assert (answer.status, answer.text.partition(":")[0]) == (400, "tus.metadata")
    assert not BatchItem.objects.exists()


def test_upload_of_another_owner_is_not_found(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    bob = TusClient(make_user("bob"))

    answers = [bob.head(location), bob.patch(location, 0, JPEG), bob.create(batch.id, "b.jpg", 5), bob.head("/tus/99")]

    assert [answer.status for answer in answers] == [404, 404, 404, 404]
    assert tus.head(location).offset == 0


def test_inactive_user_is_refused(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    User.objects.filter(id=ada.id).update(is_active=False)

    assert tus.create(batch.id, "cat.jpg", 10).status == 401


def test_upload_of_a_cancelled_batch_is_gone(tus: TusClient, batch: UploadBatch, partial_root: Path) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG[:100])
    cancel_batch(batch.id)

    answers = [tus.patch(location, 100, JPEG[100:]), tus.head(location), tus.create(batch.id, "new.jpg", 10)]

    assert [answer.status for answer in answers] == [410, 410, 410]
    assert answers[0].text.startswith("batch.cancelled: ")
    assert not list(partial_root.glob("*"))
    assert_counters_match(batch)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_other_methods_are_refused(tus: TusClient, method: str) -> None:
    assert tus.request(method, "/tus/1").status == 405


def test_responses_over_https_require_https(tus: TusClient, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 1000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    plain = tus.request("OPTIONS", "/tus/")
    secure = tus.request("OPTIONS", "/tus/", {"X-Forwarded-Proto": "https", "Origin": "https://localhost"})

    assert (plain.status, secure.status) == (204, 204)
    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"] == "max-age=1000"
