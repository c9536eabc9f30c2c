"""A picture's page plays videos, including those inside motion photos, directly from the stored originals."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support.films import film
from tests.support.images import textured
from tests.support.motion_photos import micro_video
from uploads.media.decoder_process import read_media
from uploads.media.image import MAX_PIXELS
from uploads.media.previews import make_previews
from uploads.models import MediaKind, Upload
from uploads.storage import save_previews, store_original


def stored(owner: User, folder: Path, content: bytes) -> Upload:
    """Store a file as a processed upload with previews, as the pipeline does."""
    path = folder / "original"
    path.write_bytes(content)
    read = read_media(path, MAX_PIXELS, lambda pixels: None)
    upload = Upload(owner=owner, filename="a", size=len(content), mime_type=read.mime_type, metadata=read.metadata)
    upload.kind = MediaKind.from_mime_type(read.mime_type)
    upload.width, upload.height, upload.duration = read.width, read.height, read.duration
    upload.processed_at = timezone.now()
    store_original(path, upload.key)
    upload.previews = save_previews(upload.key, make_previews(read.image))
    upload.save()
    return upload


def play(page: Page, selector: str) -> Any:
    """Play a video, seek to half a second before its end, and return its duration."""
    page.eval_on_selector(selector, "async video => { video.muted = true; await video.play(); }")
    page.wait_for_function("video => video.currentTime > 0", arg=page.query_selector(selector), timeout=60_000)
    seek = "async video => new Promise(done => { video.onseeked = done; video.currentTime = video.duration - 0.5; })"
    page.eval_on_selector(selector, seek)
    return page.eval_on_selector(selector, "video => video.duration")


def test_film_plays_and_seeks(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    webm = film("webm", codec="libvpx", pictures=tuple(textured(320, 240, seed) for seed in range(8)) * 3, rate=2)
    page = open_page(f"/library/{stored(owner, tmp_path, webm).pk}/")

    assert play(page, "figure > video") == pytest.approx(12, abs=0.2)
    expect(page.locator(".unplayable")).to_be_hidden()


def test_film_that_the_browser_cannot_play_shows_its_poster(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    upload = stored(owner, tmp_path, film("mp4"))
    Upload.objects.filter(id=upload.pk).update(metadata={"codec": "h264"})
    page = open_page(f"/library/{upload.pk}/")

    page.eval_on_selector("figure > video", "video => { video.play().catch(() => undefined); }")

    expect(page.locator(".unplayable")).to_be_visible()
    expect(page.locator("figure > img")).to_be_visible()


def test_motion_photo_shows_its_still_and_plays(open_page: OpenPage, owner: User, tmp_path: Path) -> None:
    photo = stored(owner, tmp_path, micro_video(film("mp4", codec="libx264", frames=8)))
    page = open_page(f"/library/{photo.pk}/")

    expect(page.locator("figure img")).to_be_visible()
    page.locator("summary", has_text="Motion photo").click()
    assert play(page, "details video") == pytest.approx(4, abs=0.2)
