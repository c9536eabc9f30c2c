"""The views that send previews and originals from a disk: caching, ranges and safe headers."""

import hashlib
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.support.async_requests import AsyncBrowser
from tests.support.users import make_user
from uploads import storage
from uploads.models import MediaKind, Upload
from uploads.preview_urls import preview_url
from uploads.storage.file_response import CHUNK_BYTES

BYTES = os.urandom(CHUNK_BYTES * 2 + 321)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "uploads.storage.disk.DiskStorage",
            "OPTIONS": {"location": tmp_path / "media"},
        }
    }
    storage.prepare_storage()


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_user("anna")


@pytest.fixture
def upload(anna: User, tmp_path: Path) -> Upload:
    upload = Upload(
        owner=anna,
        sha256=hashlib.sha256(BYTES).hexdigest(),
        filename="Übersicht „Süd“.jpg",
        size=len(BYTES),
        mime_type="image/jpeg",
        kind=MediaKind.IMAGE,
        processed_at=timezone.now(),
    )
    upload.previews = storage.save_previews(upload.key, {320: b"small", 1024: b"large"})
    partial_file = tmp_path / "partial"
    partial_file.write_bytes(BYTES)
    storage.store_original(partial_file, upload.key)
    upload.save()
    return upload


@pytest.fixture
async def page(anna: User) -> AsyncBrowser:
    return await sync_to_async(AsyncBrowser)(anna)


def original(upload: Upload) -> str:
    return reverse("upload-original", args=[upload.id])


async def test_preview_with_current_version_is_cached_permanently(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(preview_url(upload, 320))

    assert response.body == b"small"
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"


async def test_previews_in_the_library_are_cached_permanently(page: AsyncBrowser, upload: Upload) -> None:
    await Upload.objects.filter(id=upload.id).aupdate(width=4032, height=3024, processed_at=timezone.now())

    html = (await page.get(reverse("upload-list"))).body.decode()

    urls = re.findall(r'(/media/[^ "]+)', html)
    assert len(urls) == 3
    for url in urls:
        response = await page.get(url)
        assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert 'srcset="' in html
    assert "320w, " in html
    assert '1024w"' in html


async def test_preview_without_version_is_revalidated(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(reverse("upload-preview", args=[upload.id, 1024]))

    assert response.headers["Cache-Control"] == "private, no-cache"
    again = await page.get(reverse("upload-preview", args=[upload.id, 1024]), If_None_Match=response.headers["ETag"])
    assert again.status == 304


def test_preview_url_changes_after_processing(upload: Upload) -> None:
    before = preview_url(upload, 320)

    upload.processed_at = timezone.now() + timedelta(seconds=1)

    assert preview_url(upload, 320) != before


@pytest.mark.parametrize("side", [0, 640, 99999])
async def test_preview_of_unknown_size_is_404(page: AsyncBrowser, upload: Upload, side: int) -> None:
    response = await page.get(reverse("upload-preview", args=[upload.id, side]))

    assert response.status == 404


async def test_original_is_a_sandboxed_attachment(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(original(upload))

    assert response.body == BYTES
    assert response.headers["Content-Length"] == str(len(BYTES))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''%C3%9Cbersicht%20%E2%80%9ES%C3%BCd%E2%80%9C.jpg"
    )
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "'self'" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_original_is_streamed_in_chunks(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(original(upload))

    assert [len(piece) for piece in response.pieces] == [CHUNK_BYTES, CHUNK_BYTES, 321]


async def test_original_range_is_sent_as_partial_content(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(original(upload), Range="bytes=100-299999")

    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes 100-299999/{len(BYTES)}"
    assert response.headers["Content-Length"] == "299900"
    assert response.body == BYTES[100:300_000]


async def test_original_range_beyond_the_end_is_416(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(original(upload), Range=f"bytes={len(BYTES)}-")

    assert response.status == 416
    assert response.headers["Content-Range"] == f"bytes */{len(BYTES)}"


async def test_original_is_sent_whole_if_the_range_is_invalid(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(original(upload), Range="bytes=9-2")

    assert response.status == 200
    assert response.body == BYTES


async def test_original_is_sent_whole_if_if_range_does_not_match(page: AsyncBrowser, upload: Upload) -> None:
    etag = (await page.get(original(upload))).headers["ETag"]

    same = await page.get(original(upload), Range="bytes=0-1", If_Range=etag)
    other = await page.get(original(upload), Range="bytes=0-1", If_Range='"other"')

    assert (same.status, other.status) == (206, 200)


async def test_original_head_request_has_the_size_and_no_body(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(original(upload), "HEAD")

    assert response.headers["Content-Length"] == str(len(BYTES))
    assert response.body == b""


@pytest.mark.parametrize("name", ["preview", "original"])
async def test_media_accel_delegates_to_nginx(
    page: AsyncBrowser, upload: Upload, settings: Settings, name: str
) -> None:
    settings.MEDIA_ACCEL = "/protected/"
    path = original(upload) if name == "original" else preview_url(upload, 320)

    response = await page.get(path, Range="bytes=0-1")

    kept = storage.original_name(upload.key) if name == "original" else storage.preview_name(upload.key, 320)
    assert response.headers["X-Accel-Redirect"] == f"/protected/{kept}"
    assert response.body == b""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_original_missing_on_disk_is_404(page: AsyncBrowser, upload: Upload, method: str) -> None:
    default_storage.delete(storage.original_name(upload.key))

    assert (await page.get(original(upload), method)).status == 404


async def test_original_head_request_ignores_the_range(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(original(upload), "HEAD", Range="bytes=0-1")

    assert (response.status, response.headers["Content-Length"]) == (200, str(len(BYTES)))


async def test_preview_supports_ranges(page: AsyncBrowser, upload: Upload) -> None:
    response = await page.get(preview_url(upload, 1024), Range="bytes=1-2")

    assert (response.status, response.headers["Content-Range"], response.body) == (206, "bytes 1-2/5", b"ar")
