"""Owners can rename their batches."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.html import compact


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return make_batch(owner, 1)


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def address(batch: UploadBatch) -> str:
    return f"/batches/{batch.id}/name/"


def test_batch_is_renamed_without_javascript(page: Client, batch: UploadBatch) -> None:
    assert 'value="Iceland"' in page.get(address(batch)).content.decode()

    answer = page.post(address(batch), {"name": "  Summer \n in\tIceland "})

    assert answer["Location"] == f"/batches/{batch.id}/"
    batch.refresh_from_db()
    assert batch.name == "Summer in Iceland"


def test_htmx_gets_the_form_and_then_the_title_alone(page: Client, batch: UploadBatch) -> None:
    headers = {"HX-Request": "true"}

    form = compact(page.get(address(batch), headers=headers).content.decode())
    title = compact(page.post(address(batch), {"name": "Summer"}, headers=headers).content.decode())
    kept = compact(page.get(f"{address(batch)}?keep", headers=headers).content.decode())

    assert form.startswith('<form id="title"')
    assert title.startswith('<div id="title"')
    assert "<h1>Summer</h1>" in title
    assert kept == title


@pytest.mark.parametrize(
    ("name", "message"), [("  \n", "Enter a name."), ("x" * 201, "up to 200 characters; this one has 201")]
)
def test_invalid_name_is_refused(page: Client, batch: UploadBatch, name: str, message: str) -> None:
    answer = page.post(address(batch), {"name": name})

    assert answer.status_code == 400
    assert message in answer.content.decode()
    batch.refresh_from_db()
    assert batch.name == "Iceland"


def test_other_users_cannot_see_or_change_the_name(client: Client, other: User, batch: UploadBatch) -> None:
    client.force_login(other)

    assert client.get(address(batch)).status_code == 404
    assert client.post(address(batch), {"name": "Mine"}).status_code == 404
    batch.refresh_from_db()
    assert batch.name == "Iceland"
