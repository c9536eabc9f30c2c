"""The batch page's scripts and styles are small, its scripts do not block, and updates barely shift the layout."""

import gzip

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Response, expect

from batches.engine import claim
from batches.messaging import live_events
from tests.browser.conftest import OpenPage
from tests.browser.test_live import SIZES, describe
from tests.support.batches import make_batch
from tests.support.failures import LOST_WORKER

LIMIT = 60 * 1024
WATCH = """window.shifts = 0; new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifts += shift.value;
}).observe({type: "layout-shift", buffered: true})"""


def test_scripts_and_styles_are_small_and_do_not_block(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 60)
    page = open_page("/favicon.ico", own_context=True)
    loaded: list[Response] = []
    page.on("response", lambda response: loaded.append(response))

    page.goto(f"{page.url.partition('/static')[0]}/batches/{batch.id}/", wait_until="networkidle")

    sizes = {
        each.url: len(gzip.compress(each.body()))
        for each in loaded
        if each.request.resource_type in {"script", "stylesheet"}
    }
    assert len(sizes) >= 4
    assert sum(sizes.values()) <= LIMIT, sizes
    assert page.evaluate("[...document.scripts].every((one) => one.defer || one.async || one.type === 'module')")


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
def test_updates_cause_no_layout_shift(open_page: OpenPage, owner: User, size: dict[str, int]) -> None:
    batch = make_batch(owner, 60)
    page = open_page(f"/batches/{batch.id}/", viewport=size)
    page.evaluate(WATCH)

    for done in (1, 12, 25, 50):
        describe(batch, done)
        expect(page.locator("#count")).to_have_text(str(done))
    assert claim.claim_item(batch.id, LOST_WORKER)
    live_events.notify_batch_changed(batch.id)
    expect(page.locator("#in-progress li b")).to_have_count(1)

    assert page.evaluate("window.shifts") <= 0.05
