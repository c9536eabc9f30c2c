"""Whom and what the tus endpoint turns away."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.engine.cancel import cancel_batch
from batches.models import BatchItem, UploadBatch
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_true
from tests.support.images import encoded, textured
from tests.support.users import make_user

pytestmark = pytest.mark.django_db(transaction=True)
JPEG = encoded(textured(320, 240), "JPEG")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Tus-Resumable": ""}, 412, "tus.version"),
        ({"Tus-Resumable": "0.2.2"}, 412, "tus.version"),
        ({"Upload-Offset": "7"}, 409, "tus.offset"),
        ({"Upload-Offset": "-1"}, 400, "tus.header"),
        ({"Upload-Offset": "٣"}, 400, "tus.header"),
        ({"Content-Type": "application/json"}, 415, "tus.content_type"),
        ({"Content-Length": "100000000"}, 413, "tus.too_long"),
        ({"Origin": "http://evil.example"}, 403, "origin.foreign"),
        ({"Origin": "https://localhost"}, 403, "origin.foreign"),
        ({"Origin": "null"}, 403, "origin.foreign"),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 400, "host.unknown"),
        ({"Cookie": ""}, 401, "auth.required"),
        ({"Cookie": "sessionid=guessed"}, 401, "auth.required"),
    ],
)
def test_tus_patch_refused_changes_nothing(
    tus: TusClient, batch: UploadBatch, parts: Path, headers: dict[str, str], status: int, code: str
) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    usual = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}

    answer = tus.request("PATCH", location, usual | headers, [JPEG])

    assert (answer.status, answer.text.partition(":")[0]) == (status, code)
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert tus.head(location).offset == 0
    assert not list(parts.glob("*"))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Upload-Length": ""}, "tus.header"),
        ({"Upload-Length": "many"}, "tus.header"),
        ({"Upload-Length": str(2**63)}, "tus.header"),
        ({"Upload-Defer-Length": "1"}, "tus.deferred_length"),
        ({"Upload-Metadata": ""}, "tus.metadata"),
        ({"Upload-Metadata": "batch MQ=="}, "tus.metadata"),
        ({"Upload-Metadata": "batch MQ==,filename ?"}, "tus.metadata"),
        ({"Upload-Metadata": "batch MQ==,filename /w=="}, "tus.metadata"),
        ({"Upload-Metadata": "batch MQ==,filename AA=="}, "tus.metadata"),
        ({"Upload-Metadata": "batch MQ==,batch MQ==,filename YQ=="}, "tus.metadata"),
    ],
)
def test_tus_creation_with_bad_headers_says_what_is_wrong(
    tus: TusClient, batch: UploadBatch, headers: dict[str, str], code: str
) -> None:
    usual = {"Upload-Length": "5", "Upload-Metadata": "batch MQ==,filename YQ=="}

    answer = tus.request("POST", "/tus/", usual | headers)

    assert (answer.status, answer.text.partition(":")[0]) == (400, code)
    assert not BatchItem.objects.exists()


def test_tus_of_somebody_else_is_not_there(tus: TusClient, batch: UploadBatch) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    bob = TusClient(make_user("bob"))

    answers = [bob.head(location), bob.patch(location, 0, JPEG), bob.create(batch.id, "b.jpg", 5), bob.head("/tus/99")]

    assert [answer.status for answer in answers] == [404, 404, 404, 404]
    assert tus.head(location).offset == 0


def test_tus_of_an_inactive_person_is_refused(tus: TusClient, batch: UploadBatch, ada: User) -> None:
    User.objects.filter(id=ada.id).update(is_active=False)

    assert tus.create(batch.id, "cat.jpg", 10).status == 401


def test_tus_for_a_cancelled_batch_is_gone(tus: TusClient, batch: UploadBatch, parts: Path) -> None:
    location = tus.create(batch.id, "cat.jpg", len(JPEG)).headers["location"]
    tus.patch(location, 0, JPEG[:100])
    cancel_batch(batch.id)

    answers = [tus.patch(location, 100, JPEG[100:]), tus.head(location), tus.create(batch.id, "new.jpg", 10)]

    assert [answer.status for answer in answers] == [410, 410, 410]
    assert answers[0].text.startswith("batch.cancelled: ")
    assert not list(parts.glob("*"))
    assert_counters_true(batch)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_tus_other_methods_are_refused(tus: TusClient, method: str) -> None:
    assert tus.request(method, "/tus/1").status == 405


def test_tus_behind_a_trusted_proxy_knows_its_own_origin(ada: User, batch: UploadBatch, settings: Settings) -> None:
    tus = TusClient(ada, Origin="https://localhost", **{"X-Forwarded-Proto": "https"})

    before = tus.create(batch.id, "cat.jpg", len(JPEG))
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    assert (before.status, tus.create(batch.id, "cat.jpg", len(JPEG)).status) == (403, 201)
