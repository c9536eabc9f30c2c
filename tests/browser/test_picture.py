"""The picture's page with its scripts: similar pictures, arrow keys, zooming, and the way back to the list."""

import re

from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.site_data import describe
from tests.support.batches import make_batch
from uploads.models import Upload

OVERFLOW = "frame => frame.scrollWidth > frame.clientWidth && frame.scrollTop > 0"


def test_arrow_keys_zoom_and_escape(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 3)
    describe(batch, 3)
    Upload.objects.update(width=4000, height=3000)
    first, second, _ = Upload.objects.order_by("id").values_list("id", flat=True)
    page = open_page(f"/library/{first}/?in=import:{batch.id}")

    page.locator("#similar").scroll_into_view_if_needed()
    expect(page.get_by_text("There are no other pictures to compare with yet.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(f"/library/{second}/"))
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(f"/library/{first}/"))

    page.locator("label:has(#zoom-2)").click()
    frame = page.locator(".frame")
    assert frame.evaluate(OVERFLOW)
    page.keyboard.press("Escape")
    assert not frame.evaluate(OVERFLOW)
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(f"/batches/{batch.id}/"))
