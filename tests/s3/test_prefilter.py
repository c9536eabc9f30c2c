"""The prefilter reports an outage of the bucket."""

import hashlib

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.engine import lifecycle
from tests.intake.tus_client import TusClient
from tests.support.bucket_server import Bucket
from tests.support.images import encoded, textured

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = encoded(textured(64, 48), "JPEG")


def test_prefilter_reports_a_storage_outage(owner: User, bucket: Bucket) -> None:
    assert TusClient(owner).send(lifecycle.open_batch(owner.id, "One").id, "a.jpg", PICTURE).status == 204
    again = lifecycle.open_batch(owner.id, "Again")
    browser = Client(raise_request_exception=False)
    browser.force_login(owner)
    file = {"relative_path": "a.jpg", "filename": "a.jpg", "size": len(PICTURE), "last_modified": "1"}
    digest = hashlib.sha256(PICTURE).hexdigest()
    bucket.server.stop()

    answer = browser.post(f"/batches/{again.id}/unsent/", {"files": [file | {"sha256": digest}]}, "application/json")

    assert (answer.status_code, answer.json()["code"]) == (507, "storage.away")
    assert not again.items.exists()
