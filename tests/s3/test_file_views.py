"""Only the owner of a file in a bucket is redirected to an expiring signed URL. The admin sends previews itself."""

import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.support.async_requests import AsyncBrowser
from tests.support.batches import make_upload
from tests.support.bucket_server import Bucket
from tests.support.users import make_staff
from uploads import storage
from uploads.models import Upload
from uploads.preview_urls import preview_url

BYTES = bytes(range(256)) * 40


@pytest.fixture
def upload(owner: User, bucket: Bucket, tmp_path: Path) -> Upload:
    upload = make_upload(owner, 1)
    partial_file = tmp_path / "partial"
    partial_file.write_bytes(BYTES)
    storage.store_original(partial_file, upload.key)
    upload.filename = "Übersicht „Süd“; a=../b.jpg"
    upload.previews = storage.save_previews(upload.key, {320: b"small"})
    upload.processed_at = timezone.now()
    upload.save()
    return upload


@pytest.fixture
async def page(owner: User) -> AsyncIterator[AsyncBrowser]:
    yield await sync_to_async(AsyncBrowser)(owner)
    await sync_to_async(connections.close_all)()


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes, Message]:
    """Fetch a URL without cookies."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers)) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


async def test_preview_redirect_is_cached_for_half_the_validity_of_the_url(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(preview_url(upload, 320))

    status, body, headers = fetch(response.headers["Location"])
    assert (response.status, response.body) == (302, b"")
    assert response.headers["Cache-Control"] == "private, max-age=150"
    assert (status, body) == (200, b"small")
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Cache-Control"] == "private, max-age=31536000, immutable"


async def test_original_redirects_to_an_attachment_with_its_name(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(reverse("upload-original", args=[upload.id]))

    status, body, headers = fetch(response.headers["Location"])
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (status, body) == (200, BYTES)
    name = "%C3%9Cbersicht%20%E2%80%9ES%C3%BCd%E2%80%9C%3B%20a%3D../b.jpg"
    assert headers["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"


async def test_range_request_works_at_the_signed_url(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(reverse("upload-original", args=[upload.id]), Range="bytes=256-511")

    assert fetch(response.headers["Location"], Range="bytes=256-511")[:2] == (206, bytes(range(256)))


async def test_head_request_works_at_the_signed_url(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(reverse("upload-original", args=[upload.id]), "HEAD")

    status, _, headers = fetch(response.headers["Location"], "HEAD")
    assert (status, headers["Content-Length"]) == (200, str(len(BYTES)))


async def test_signed_url_expires_and_contains_no_names(page: AsyncBrowser, upload: Upload, bucket: Bucket) -> None:
    response = await page.get(reverse("upload-original", args=[upload.id]))

    parts = urlsplit(response.headers["Location"])
    query = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}" == bucket.settings.origin
    assert parts.path == f"/{bucket.settings.bucket}/home/library/{storage.original_name(upload.key)}"
    assert query["X-Amz-Expires"] == ["300"]
    assert query["X-Amz-Signature"]


async def test_url_without_signature_is_denied(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(preview_url(upload, 320))

    assert fetch(response.headers["Location"].partition("?")[0])[0] == 403


async def test_another_user_gets_no_url(other: User, upload: Upload) -> None:
    page = await sync_to_async(AsyncBrowser)(other)

    responses = [
        await page.get(path) for path in (preview_url(upload, 320), reverse("upload-original", args=[upload.id]))
    ]

    await sync_to_async(connections.close_all)()
    assert [response.status for response in responses] == [404, 404]
    assert not any("Location" in response.headers for response in responses)
    assert not any(b"X-Amz" in response.body for response in responses)


def test_anonymous_user_is_redirected_to_the_login(upload: Upload) -> None:
    response = Client().get(preview_url(upload, 320))

    assert response.headers["Location"].startswith(reverse("login"))


def test_admin_sends_the_preview_itself(upload: Upload) -> None:
    client = Client()
    client.force_login(make_staff("carol", "view_upload"))

    response = client.get(reverse("admin:uploads_upload_preview", args=[upload.id, 320]))

    assert response.content == b"small"
