"""Pictures of a bucket in a real browser: the page's policy lets it follow to the bucket's server."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.s3.bucket_server import BucketServer
from tests.s3.conftest import bucket
from tests.support.batches import make_upload
from tests.support.images import encoded, textured
from uploads.storage import save_previews

__all__ = ["bucket"]  # a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_site")]


@pytest.fixture
def worker_env(worker_env: dict[str, str], bucket: BucketServer) -> dict[str, str]:
    """The site keeps its files in the bucket."""
    return worker_env | bucket.environment()


def test_library_shows_pictures_that_the_bucket_sends(open_page: OpenPage, owner: User) -> None:
    upload = make_upload(owner, 1)
    upload.previews = save_previews(upload.key, {320: encoded(textured(320, 240), "JPEG")})
    upload.processed_at = timezone.now()
    upload.save()

    page = open_page("/library/")

    expect(page.locator("main img")).to_have_js_property("naturalWidth", 320)
