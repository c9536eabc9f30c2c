"""Downloading selected originals as a ZIP archive."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.support.async_requests import AsyncBrowser
from tests.support.batches import make_upload
from tests.support.users import make_user
from uploads.button_requests import MAX_PICTURES
from uploads.models import PartRole, Upload
from uploads.storage import original_name

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def browser(anna: User) -> AsyncIterator[AsyncBrowser]:
    yield await sync_to_async(AsyncBrowser)(anna)
    await sync_to_async(connections.close_all)()


def make_stored(owner: User, number: int, **fields: object) -> Upload:
    """Create an upload named IMG.JPG with a stored original, whose bytes depend on `number`."""
    upload, content = make_upload(owner, number), bytes([number]) * 300_000
    default_storage.save(original_name(upload.key), ContentFile(content))
    upload.sha256, upload.filename, upload.size = hashlib.sha256(content).hexdigest(), "IMG.JPG", len(content)
    for name, value in fields.items():
        setattr(upload, name, value)
    upload.save()
    return upload


async def test_archive_holds_the_originals_with_their_parts_and_checksums(browser: AsyncBrowser, anna: User) -> None:
    chosen, trashed, others = [
        await sync_to_async(make_stored)(*args)
        for args in ((anna, 1), (anna, 2), (await sync_to_async(make_user)("ben"), 3))
    ]
    part = await sync_to_async(make_stored)(anna, 4, part_of=chosen, part_role=PartRole.LIVE)
    lost = await sync_to_async(make_upload)(anna, 5)
    await Upload.objects.filter(id=trashed.id).aupdate(trashed_at=timezone.now())

    ids = [upload.pk for upload in (chosen, trashed, others, lost)]
    answer = await browser.post(reverse("upload-download"), {"picture": ids})

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    assert archive.namelist() == ["IMG.JPG", "IMG (2).JPG", "SHA256SUMS.txt"]
    lines = archive.read("SHA256SUMS.txt").decode().splitlines()
    sums = {name: sha256 for sha256, name in (line.split("  ") for line in lines)}
    read = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()[:2]}
    assert read == {"IMG.JPG": chosen.sha256, "IMG (2).JPG": part.sha256}
    assert sums == {**read, lost.filename: lost.sha256}


@pytest.mark.parametrize("ids", [[], range(1, MAX_PICTURES + 2)])
def test_selection_without_pictures_or_with_too_many_is_explained(page: Client, ids: list[int]) -> None:
    answer = page.post(reverse("upload-download"), {"picture": list(ids)}, follow=True)

    assert "up to 2,000 at a time" in answer.content.decode()


def test_button_pressed_after_the_session_expired_leads_to_the_library(page: Client) -> None:
    assert page.get(reverse("upload-download"))["Location"] == reverse("upload-list")
