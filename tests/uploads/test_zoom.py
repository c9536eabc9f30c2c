"""The large preview of a picture is created and stored on the first request, only for its owner."""

import asyncio
import io
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from tests.support.async_requests import AsyncBrowser
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads import storage
from uploads.models import FileDeletion, MediaKind, Upload
from uploads.preview_urls import zoom_url
from uploads.storage import original_name, preview_name
from uploads.zoom import _record, zoom_preview

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    options = {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": options}
    storage.prepare_storage()


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_user("anna")


@pytest.fixture
async def page(anna: User) -> AsyncBrowser:
    return await sync_to_async(AsyncBrowser)(anna)


@pytest.fixture
def upload(anna: User, tmp_path: Path) -> Upload:
    return stored(anna, tmp_path, encoded(textured(2400, 1200), "JPEG"))


def stored(owner: User, folder: Path, content: bytes) -> Upload:
    upload = Upload(
        owner=owner,
        sha256=f"{len(content):064}",
        filename="a.jpg",
        size=len(content),
        mime_type="image/jpeg",
        kind=MediaKind.IMAGE,
        width=2400,
        height=1200,
        processed_at=timezone.now(),
    )
    upload.previews = storage.save_previews(upload.key, {320: b"small", 1024: b"large"})
    partial_file = folder / "partial"
    partial_file.write_bytes(content)
    storage.store_original(partial_file, upload.key)
    upload.save()
    return upload


def zoomed(upload: Upload) -> str:
    return reverse("upload-preview", args=[upload.id, 2048])


async def test_zoom_is_made_once_and_stored(page: AsyncBrowser, upload: Upload) -> None:
    first, second = await asyncio.gather(page.get(zoomed(upload)), page.get(zoomed(upload)))

    assert first.status == second.status == 200
    assert Image.open(io.BytesIO(first.body)).size == (2048, 1024)
    assert first.body == second.body == storage.read_file(preview_name(upload.key, 2048))
    await upload.arefresh_from_db()
    assert sorted(upload.previews) == ["1024", "2048", "320"]


async def test_zoom_of_another_user_is_404(upload: Upload) -> None:
    stranger = await sync_to_async(AsyncBrowser)(await sync_to_async(make_user)("berta"))

    assert (await stranger.get(zoomed(upload))).status == 404
    assert not default_storage.exists(preview_name(upload.key, 2048))


@pytest.mark.parametrize("content", [None, b"\xff\xd8\xff\xe0 not a picture"], ids=["missing", "damaged"])
async def test_unreadable_original_has_no_zoom(upload: Upload, content: bytes | None) -> None:
    await sync_to_async(default_storage.delete)(original_name(upload.key))
    if content is not None:
        await sync_to_async(default_storage.save)(original_name(upload.key), ContentFile(content))

    assert await zoom_preview(upload) is None


@pytest.mark.parametrize("facts", [{"processed_at": None}, {"kind": MediaKind.VIDEO}], ids=["unprocessed", "video"])
async def test_upload_without_previews_has_no_zoom(upload: Upload, facts: dict[str, object]) -> None:
    await Upload.objects.filter(id=upload.id).aupdate(**facts)

    assert await zoom_preview(await Upload.objects.aget(id=upload.id)) is None


async def test_picture_that_was_deleted_has_no_zoom(upload: Upload) -> None:
    stale = await Upload.objects.aget(id=upload.id)
    await Upload.objects.filter(id=upload.id).adelete()

    assert await zoom_preview(stale) is None


async def test_zoom_of_a_picture_that_was_deleted_is_removed(upload: Upload) -> None:
    stale = await Upload.objects.aget(id=upload.id)
    await Upload.objects.filter(id=upload.id).adelete()

    assert not await _record(stale, preview_name(upload.key, 2048))
    assert await FileDeletion.objects.filter(key=upload.key).aexists()


def test_page_links_to_the_zoom_only_if_there_is_more_to_see(upload: Upload) -> None:
    assert "/2048.jpg?v=" in zoom_url(upload)

    upload.width, upload.height = 1024, 512
    assert zoom_url(upload) == ""
