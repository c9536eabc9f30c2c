"""Videos, animations and motion photos are played from their originals, and browsers run no code in them."""

from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.support.async_requests import AsyncBrowser
from tests.support.users import make_user
from uploads import storage
from uploads.models import MediaKind, Upload
from uploads.playback import MAX_ANIMATION_BYTES, animation_url, film_url, motion_url
from uploads.text import clock

BYTES = bytes(range(256)) * 40
MOTION = {"motion": {"offset": 1000, "length": 500, "mime_type": "video/mp4"}}


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    options = {"location": tmp_path / "media"}
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "uploads.storage.disk.DiskStorage", "OPTIONS": options}
    }
    storage.prepare_storage()


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_user("anna")


def stored(owner: User, folder: Path, mime_type: str, metadata: dict[str, Any], **fields: Any) -> Upload:
    """Create a processed upload whose original is BYTES, and return the upload."""
    upload = Upload(owner=owner, filename="a", size=len(BYTES), mime_type=mime_type, metadata=metadata)
    upload.kind = MediaKind.from_mime_type(mime_type)
    upload.processed_at = timezone.now()
    for name, value in fields.items():
        setattr(upload, name, value)
    upload.previews = storage.save_previews(upload.key, {1024: b"poster"})
    (folder / "partial").write_bytes(BYTES)
    storage.store_original(folder / "partial", upload.key)
    upload.save()
    return upload


@pytest.fixture
def motion_photo(anna: User, tmp_path: Path) -> Upload:
    return stored(anna, tmp_path, "image/jpeg", MOTION)


@pytest.fixture
def animation(anna: User, tmp_path: Path) -> Upload:
    return stored(anna, tmp_path, "image/gif", {"animated": True}, sha256="1")


@pytest.fixture
async def page(anna: User) -> AsyncBrowser:
    return await sync_to_async(AsyncBrowser)(anna)


def unsaved(mime_type: str, size: int = 100, **metadata: Any) -> Upload:
    kind = MediaKind.from_mime_type(mime_type)
    return Upload(pk=1, mime_type=mime_type, kind=kind, size=size, metadata=metadata)


@pytest.mark.parametrize(
    ("mime_type", "codec", "plays"),
    [
        ("video/mp4", "h264", True),
        ("video/quicktime", "hevc", True),
        ("video/webm", "vp9", True),
        ("video/mp4", "mpeg4", False),
        ("video/x-msvideo", "h264", False),
        ("video/mp2t", "h264", False),
    ],
)
def test_page_offers_to_play_what_browsers_can_play(mime_type: str, codec: str, plays: bool) -> None:
    assert bool(film_url(unsaved(mime_type, codec=codec))) == plays


def test_small_animations_play() -> None:
    assert animation_url(unsaved("image/webp", animated=True))
    assert not animation_url(unsaved("image/webp"))
    assert not animation_url(unsaved("image/svg+xml", animated=True))
    assert not animation_url(unsaved("image/gif", size=MAX_ANIMATION_BYTES + 1, animated=True))


def test_motion_outside_of_the_file_does_not_play() -> None:
    assert motion_url(unsaved("image/jpeg", size=1500, **MOTION))
    assert not motion_url(unsaved("image/jpeg", size=1499, **MOTION))


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (3723.6, "1:02:04")])
def test_duration_is_shown_as_in_players(seconds: float, text: str) -> None:
    assert clock(seconds) == text


async def test_motion_is_a_file_of_its_own_with_ranges(page: AsyncBrowser, motion_photo: Upload) -> None:
    url = reverse("upload-motion", args=[motion_photo.pk])

    whole, part = await page.get(url), await page.get(url, Range="bytes=490-")

    assert (whole.status, whole.body) == (200, BYTES[1000:1500])
    assert (whole.headers["Content-Type"], whole.headers["X-Content-Type-Options"]) == ("video/mp4", "nosniff")
    assert (part.status, part.body) == (206, BYTES[1490:1500])
    assert part.headers["Content-Range"] == "bytes 490-499/500"


async def test_motion_does_not_need_nginx(page: AsyncBrowser, motion_photo: Upload, settings: Settings) -> None:
    settings.MEDIA_ACCEL = "/protected/"

    response = await page.get(reverse("upload-motion", args=[motion_photo.pk]))

    assert response.body == BYTES[1000:1500]


async def test_animation_is_shown_as_an_inactive_picture(page: AsyncBrowser, animation: Upload) -> None:
    response = await page.get(reverse("upload-animation", args=[animation.pk]))

    assert response.body == BYTES
    assert response.headers["Content-Type"] == "image/gif"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]


async def test_pictures_without_motion_have_none(page: AsyncBrowser, motion_photo: Upload, animation: Upload) -> None:
    assert (await page.get(reverse("upload-animation", args=[motion_photo.pk]))).status == 404
    assert (await page.get(reverse("upload-motion", args=[animation.pk]))).status == 404


@pytest.mark.parametrize(
    ("mime_type", "metadata", "expected"),
    [
        ("video/mp4", {"codec": "h264"}, ['<video controls preload="none"', "/original", "0:12"]),
        ("video/x-msvideo", {"codec": "mjpeg"}, ["Browsers cannot play this video.", "<img"]),
        ("image/gif", {"animated": True}, ["/animation", "(prefers-reduced-motion: no-preference)", "<img"]),
        ("image/jpeg", MOTION, ["Motion photo", "/motion", "<img"]),
    ],
)
def test_page_plays(
    mime_type: str, metadata: dict[str, Any], expected: list[str], anna: User, tmp_path: Path, client: Client
) -> None:
    upload = stored(anna, tmp_path, mime_type, metadata, duration=12.0 if mime_type.startswith("video/") else None)
    client.force_login(anna)

    html = client.get(reverse("upload-detail", args=[upload.pk])).content.decode()

    assert all(text in html for text in expected)
    assert "autoplay" not in html
