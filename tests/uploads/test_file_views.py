"""Previews and originals: to their owner, whole or in parts, and nothing that could run."""

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connections
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
    part = tmp_path / "part"
    part.write_bytes(BYTES)
    storage.store_original(part, upload.key)
    upload.save()
    return upload


@pytest.fixture
async def page(anna: User) -> AsyncIterator[AsyncBrowser]:
    yield await sync_to_async(AsyncBrowser)(anna)
    # The thread of the queries keeps a connection, and with it the test database, open.
    await sync_to_async(connections.close_all)()


def original(upload: Upload) -> str:
    return reverse("upload-original", args=[upload.id])


async def test_preview_with_its_version_may_be_kept_for_good(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(preview_url(upload, 320))

    assert answer.body == b"small"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


async def test_preview_without_its_version_is_asked_for_again(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(reverse("upload-preview", args=[upload.id, 1024]))

    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = await page.get(reverse("upload-preview", args=[upload.id, 1024]), If_None_Match=answer.headers["ETag"])
    assert again.status == 304


def test_preview_has_a_new_address_after_new_processing(upload: Upload) -> None:
    before = preview_url(upload, 320)

    upload.processed_at = timezone.now() + timedelta(seconds=1)

    assert preview_url(upload, 320) != before


@pytest.mark.parametrize("side", [0, 640, 99999])
async def test_preview_of_another_size_is_not_there(page: AsyncBrowser, upload: Upload, side: int) -> None:
    answer = await page.get(reverse("upload-preview", args=[upload.id, side]))

    assert answer.status == 404


async def test_original_comes_whole_as_an_attachment_that_cannot_run(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(original(upload))

    assert answer.body == BYTES
    assert answer.headers["Content-Length"] == str(len(BYTES))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''%C3%9Cbersicht%20%E2%80%9ES%C3%BCd%E2%80%9C.jpg"
    )
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "'self'" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_original_is_read_in_small_pieces(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(original(upload))

    assert [len(piece) for piece in answer.pieces] == [CHUNK_BYTES, CHUNK_BYTES, 321]


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-299999", 100, 299_999),
        ("bytes=500000-", 500_000, len(BYTES) - 1),
        ("bytes=-10", len(BYTES) - 10, len(BYTES) - 1),
        ("bytes=-99999999", 0, len(BYTES) - 1),
        ("bytes=5-99999999", 5, len(BYTES) - 1),
    ],
)
async def test_original_gives_the_wanted_part(
    page: AsyncBrowser, upload: Upload, wanted: str, start: int, end: int
) -> None:
    answer = await page.get(original(upload), Range=wanted)

    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(BYTES)}"
    assert answer.headers["Content-Length"] == str(end - start + 1)
    assert answer.body == BYTES[start : end + 1]


@pytest.mark.parametrize("wanted", [f"bytes={len(BYTES)}-", "bytes=-0"])
async def test_original_has_no_part_behind_its_end(page: AsyncBrowser, upload: Upload, wanted: str) -> None:
    answer = await page.get(original(upload), Range=wanted)

    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(BYTES)}"


@pytest.mark.parametrize(
    "wanted", ["bytes=9-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=\u0661-\u0662"]
)
async def test_original_comes_whole_for_a_range_that_is_none(page: AsyncBrowser, upload: Upload, wanted: str) -> None:
    answer = await page.get(original(upload), Range=wanted.encode("utf-8").decode("latin-1"))

    assert answer.status == 200
    assert answer.body == BYTES


async def test_original_comes_whole_when_the_rest_is_of_other_bytes(page: AsyncBrowser, upload: Upload) -> None:
    etag = (await page.get(original(upload))).headers["ETag"]

    same = await page.get(original(upload), Range="bytes=0-1", If_Range=etag)
    other = await page.get(original(upload), Range="bytes=0-1", If_Range='"other"')

    assert (same.status, other.status) == (206, 200)


async def test_original_can_be_asked_for_its_size_alone(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(original(upload), "HEAD")

    assert answer.headers["Content-Length"] == str(len(BYTES))
    assert answer.body == b""


@pytest.mark.parametrize("name", ["preview", "original"])
async def test_nginx_sends_the_bytes_where_it_is_set_up(
    page: AsyncBrowser, upload: Upload, settings: Settings, name: str
) -> None:
    settings.MEDIA_ACCEL = "/protected/"
    path = original(upload) if name == "original" else preview_url(upload, 320)

    answer = await page.get(path, Range="bytes=0-1")

    kept = storage.original_name(upload.key) if name == "original" else storage.preview_name(upload.key, 320)
    assert answer.headers["X-Accel-Redirect"] == f"/protected/{kept}"
    assert answer.body == b""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_original_that_is_gone_from_the_disk_is_not_there(
    page: AsyncBrowser, upload: Upload, method: str
) -> None:
    default_storage.delete(storage.original_name(upload.key))

    assert (await page.get(original(upload), method)).status == 404


async def test_size_alone_is_that_of_the_whole_whatever_part_is_named(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(original(upload), "HEAD", Range="bytes=0-1")

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(BYTES)))


async def test_preview_gives_the_wanted_part(page: AsyncBrowser, upload: Upload) -> None:
    answer = await page.get(preview_url(upload, 1024), Range="bytes=1-2")

    assert (answer.status, answer.headers["Content-Range"], answer.body) == (206, "bytes 1-2/5", b"ar")
