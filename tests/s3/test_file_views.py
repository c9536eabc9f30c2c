"""Media of a bucket: its owner is led to an address signed for a short time, everybody else finds nothing."""

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

from tests.s3.bucket_server import BucketServer
from tests.support.async_requests import AsyncBrowser
from tests.support.batches import make_upload
from tests.support.users import make_staff
from uploads import storage
from uploads.models import Upload
from uploads.preview_urls import preview_url

BYTES = bytes(range(256)) * 40


@pytest.fixture
def upload(owner: User, bucket: BucketServer, tmp_path: Path) -> Upload:
    upload = make_upload(owner, 1)
    part = tmp_path / "part"
    part.write_bytes(BYTES)
    storage.store_original(part, upload.key)
    upload.filename = "Übersicht „Süd“; a=../b.jpg"
    upload.previews = storage.save_previews(upload.key, {320: b"small"})
    upload.processed_at = timezone.now()
    upload.save()
    return upload


@pytest.fixture
async def page(owner: User) -> AsyncIterator[AsyncBrowser]:
    yield await sync_to_async(AsyncBrowser)(owner)
    await sync_to_async(connections.close_all)()


def fetch(address: str, method: str = "GET", **headers: str) -> tuple[int, bytes, Message]:
    """What a browser without any cookie gets at an address."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method=method, headers=headers)) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


async def test_preview_leads_to_its_bytes_for_half_the_time_of_the_address(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(preview_url(upload, 320))

    status, body, headers = fetch(answer.headers["Location"])
    assert (answer.status, answer.body) == (302, b"")
    assert answer.headers["Cache-Control"] == "private, max-age=150"
    assert (status, body) == (200, b"small")
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Cache-Control"] == "private, max-age=31536000, immutable"


async def test_original_leads_to_an_attachment_under_its_name(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(reverse("upload-original", args=[upload.id]))

    status, body, headers = fetch(answer.headers["Location"])
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (status, body) == (200, BYTES)
    name = "%C3%9Cbersicht%20%E2%80%9ES%C3%BCd%E2%80%9C%3B%20a%3D../b.jpg"
    assert headers["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"


async def test_part_of_an_original_is_sent_by_the_bucket(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(reverse("upload-original", args=[upload.id]), Range="bytes=256-511")

    assert fetch(answer.headers["Location"], Range="bytes=256-511")[:2] == (206, bytes(range(256)))


async def test_size_of_an_original_can_be_asked_for_alone(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(reverse("upload-original", args=[upload.id]), "HEAD")

    status, _, headers = fetch(answer.headers["Location"], "HEAD")
    assert (status, headers["Content-Length"]) == (200, str(len(BYTES)))


async def test_address_is_signed_for_a_short_time_and_names_nobody(
    page: AsyncBrowser, upload: Upload, bucket: BucketServer
) -> None:
    answer = await page.get(reverse("upload-original", args=[upload.id]))

    parts = urlsplit(answer.headers["Location"])
    query = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}" == bucket.settings.origin
    assert parts.path == f"/{bucket.settings.bucket}/home/library/{storage.original_name(upload.key)}"
    assert query["X-Amz-Expires"] == ["300"]
    assert query["X-Amz-Signature"]


async def test_address_without_its_signature_is_refused(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(preview_url(upload, 320))

    assert fetch(answer.headers["Location"].partition("?")[0])[0] == 403


async def test_somebody_else_gets_no_address(other: User, upload: Upload) -> None:
    page = await sync_to_async(AsyncBrowser)(other)

    answers = [
        await page.get(path) for path in (preview_url(upload, 320), reverse("upload-original", args=[upload.id]))
    ]

    await sync_to_async(connections.close_all)()
    assert [answer.status for answer in answers] == [404, 404]
    assert not any("Location" in answer.headers for answer in answers)
    assert not any(b"X-Amz" in answer.body for answer in answers)


def test_nobody_in_particular_is_led_to_sign_in(upload: Upload) -> None:
    answer = Client().get(preview_url(upload, 320))

    assert answer.headers["Location"].startswith(reverse("login"))


def test_admin_shows_the_preview_itself(upload: Upload) -> None:
    client = Client()
    client.force_login(make_staff("carol", "view_upload"))

    answer = client.get(reverse("admin:uploads_upload_preview", args=[upload.id, 320]))

    assert answer.content == b"small"
