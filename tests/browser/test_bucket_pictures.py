"""A real browser shows pictures from a bucket, because the Content-Security-Policy allows the bucket's server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from tests.browser.conftest import OpenPage
from tests.support.batches import make_upload
from tests.support.bucket_server import Bucket, MotoServer, use_new_bucket
from tests.support.images import encoded, textured
from uploads.storage import save_previews

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_site")]


@pytest.fixture
def bucket(settings: Settings, tmp_path: Path) -> Iterator[Bucket]:
    """A bucket on its own server."""
    server = MotoServer()
    yield use_new_bucket(server, settings, tmp_path / "partial")
    server.stop()


@pytest.fixture
def worker_env(worker_env: dict[str, str], bucket: Bucket) -> dict[str, str]:
    """The environment of a site that stores its files in the bucket."""
    return worker_env | bucket.environment()


def test_library_shows_previews_from_the_bucket(open_page: OpenPage, owner: User) -> None:
    upload = make_upload(owner, 1)
    upload.previews = save_previews(upload.key, {320: encoded(textured(320, 240), "JPEG")})
    upload.processed_at = timezone.now()
    upload.save()

    page = open_page("/library/")

    expect(page.locator("main img")).to_have_js_property("naturalWidth", 320)
