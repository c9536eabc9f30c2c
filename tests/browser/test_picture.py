"""The picture's page with its scripts: similar pictures, arrow keys, swipes, zooming, and Escape."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.site_data import describe, share_album
from tests.support.batches import make_batch
from uploads.models import Upload

OVERFLOW = "frame => frame.scrollWidth > frame.clientWidth && frame.scrollTop > 0"


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """An import of three pictures that are large enough to zoom."""
    batch = make_batch(owner, 3)
    describe(batch, 3)
    Upload.objects.update(width=4000, height=3000)
    return batch


def test_arrow_keys_zoom_and_escape(open_page: OpenPage, batch: UploadBatch) -> None:
    first, second, _ = Upload.objects.order_by("id").values_list("id", flat=True)
    page = open_page(f"/library/{first}/?in=import:{batch.id}")

    page.locator("#similar").scroll_into_view_if_needed()
    expect(page.get_by_text("No similar pictures yet.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(f"/library/{second}/"))
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(f"/library/{first}/"))

    page.locator("label:has(#zoom-2)").click()
    frame = page.locator(".frame")
    assert frame.evaluate(OVERFLOW)
    page.keyboard.press("Escape")
    assert not frame.evaluate(OVERFLOW)
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(f"/batches/{batch.id}/"))


def swipe(page: Page, distance: int) -> None:
    """Move a finger by `distance` pixels to the right (or, if negative, to the left) over the picture."""
    session = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": 400, "y": 300}]),
        ("touchMove", [{"x": 400 + distance, "y": 305}]),
        ("touchEnd", []),
    ):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_pictures_of_a_shared_album_turn_by_keys_and_swipes(open_page: OpenPage, batch: UploadBatch) -> None:
    link, _ = share_album(batch.owner)
    first, second, _ = Upload.objects.order_by("id").values_list("id", flat=True)
    page = open_page(f"/s/{link.token}/{first}/")

    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(f"/{second}/$"))
    swipe(page, 200)
    page.wait_for_url(re.compile(f"/{first}/$"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(f"/s/{link.token}/$"))


def test_wheel_zooms_dragging_pans_and_swipes_lead_to_the_neighbours(open_page: OpenPage, batch: UploadBatch) -> None:
    first, second, _ = Upload.objects.order_by("id").values_list("id", flat=True)
    page = open_page(f"/library/{first}/?in=import:{batch.id}")
    swipe(page, -200)
    page.wait_for_url(re.compile(f"/library/{second}/"))
    swipe(page, 200)
    page.wait_for_url(re.compile(f"/library/{first}/"))

    page.mouse.move(400, 300)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    expect(page.locator(".stage")).to_have_class(re.compile("zoomed"))
    before = page.locator(".frame").evaluate("frame => frame.scrollLeft")
    assert before > 0
    page.mouse.down()
    page.mouse.move(300, 300)
    page.mouse.up()

    assert page.locator(".frame").evaluate("frame => frame.scrollLeft") == pytest.approx(before + 100, abs=1)
