"""Search results are updated while the user types in the search box."""

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.batches import make_upload
from uploads.models import Upload


def test_results_appear_while_typing(open_page: OpenPage, owner: User) -> None:
    upload = make_upload(owner, 1)
    Upload.objects.filter(id=upload.id).update(description="A cup of coffee.", processed_at=timezone.now())
    page = open_page("/search/?q=giraffe")
    box = page.get_by_role("searchbox", name="Search your library")

    box.fill("coffee")

    expect(page.locator("mark")).to_have_text("coffee")
    expect(page).to_have_url(page.url.partition("?")[0] + "?q=coffee")
    expect(box).to_be_focused()
