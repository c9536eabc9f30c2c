"""Uploads through a proxy that limits the size of requests, as nginx does."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, assert_all_arrived, choose_folder, make_folder

MIB = 2**20
NGINX_PAGE = "<html><head><title>413 Request Entity Too Large</title></head><body>nginx</body></html>"
# Playwright cannot see the size of a blob that Chromium sends, so the page adds it as a header.
SHOW_SIZES = """const {send} = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.send = function (body) {
    this.setRequestHeader("X-Body-Size", body?.size ?? 0);
    send.call(this, body);
}"""


class Proxy:
    """Refuses upload bodies larger than `limit` bytes. `sizes` lists the sizes of the bodies that it has passed on."""

    def __init__(self, page: Page, limit: int) -> None:
        self.limit = limit
        self.sizes: list[int] = []
        self.refused = 0
        page.add_init_script(SHOW_SIZES)
        page.reload()
        page.route("**/tus/**", self._forward)

    def _forward(self, route: Route) -> None:
        size = int(route.request.headers["x-body-size"])
        if size > self.limit:
            self.refused += 1
            route.fulfill(status=413, content_type="text/html", body=NGINX_PAGE)
        else:
            self.sizes.append(size)
            route.continue_()


@pytest.fixture
def page(open_page: OpenPage, owner: User) -> Page:
    return open_page("/batches/new/")


@pytest.mark.parametrize(("limit", "largest"), [(MIB, MIB), (300_000, MIB // 4)])
def test_chunks_become_small_enough_for_the_proxy(page: Page, tmp_path: Path, limit: int, largest: int) -> None:
    proxy = Proxy(page, limit)
    roll = make_folder(tmp_path / "Roll", 3, MIB + MIB // 4)

    choose_folder(page, roll)
    page.wait_for_url(BATCH)

    assert_all_arrived(UploadBatch.objects.get(), roll)
    assert max(proxy.sizes) == largest
    # Each of the three parallel uploads discovers the limit on its own, and none sends a large chunk again later.
    assert proxy.refused <= 9


def test_proxy_that_refuses_the_smallest_chunk_is_named(page: Page, tmp_path: Path) -> None:
    proxy = Proxy(page, 50_000)
    roll = make_folder(tmp_path / "Roll", 1, 200_000)

    choose_folder(page, roll)

    expect(page.locator("#upload-warning-text")).to_contain_text("client_max_body_size")
    expect(page.get_by_text("Request Entity Too Large")).to_be_hidden()
    proxy.limit = MIB
    page.get_by_role("button", name="Resume", exact=True).click()
    page.wait_for_url(BATCH)
    assert_all_arrived(UploadBatch.objects.get(), roll)
