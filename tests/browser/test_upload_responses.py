"""How the upload page handles unusual and missing responses from the server."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.folders import BATCH, SentRequests, choose_folder, make_folder
from tests.support.batches import assert_counters_match
from tests.support.waiting import wait_until

# The page sends chunks of 8 MiB.
BIG = 9 * 2**20


@pytest.fixture
def page(open_page: OpenPage, owner: User) -> Page:
    return open_page("/batches/new/")


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A folder with one file that takes two chunks."""
    return make_folder(tmp_path / "Roll", 1, BIG)


def test_file_deleted_during_an_outage_is_withdrawn_afterwards(page: Page, big: Path) -> None:
    lost = {"PATCH": 1, "DELETE": 2}

    def lose(route: Route) -> None:
        method = route.request.method
        if method == "PATCH":
            (big / "IMG_0000.JPG").unlink(missing_ok=True)
        if lost.get(method, 0) > 0:
            lost[method] -= 1
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/tus/**", lose)
    choose_folder(page, big)
    page.wait_for_url(BATCH)

    assert lost == {"PATCH": 0, "DELETE": 0}
    item = BatchItem.objects.get()
    assert (item.status, item.error_code) == (ItemStatus.FAILED, "file.withdrawn")
    assert_counters_match(item.batch)


def test_file_deleted_while_the_creation_response_is_lost_is_withdrawn(page: Page, big: Path) -> None:
    lost: list[int] = []

    def lose_first_response(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            (big / "IMG_0000.JPG").unlink()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/tus/**", lose_first_response)
    choose_folder(page, big)
    page.wait_for_url(BATCH)

    assert lost == [201]
    assert BatchItem.objects.get().error_code == "file.withdrawn"


def test_refused_origin_stops_the_upload_with_one_message(page: Page, tmp_path: Path) -> None:
    message = "Requests from pages of other sites are not taken."
    page.route("**/tus/", lambda route: route.fulfill(status=403, body=f"origin.foreign: {message}"))
    sent = SentRequests(page)

    choose_folder(page, make_folder(tmp_path / "Roll", 20))

    expect(page.locator("#sending-title")).to_have_text("Stopped")
    expect(page.locator("#upload-warning-text")).to_have_text(message)
    expect(page.get_by_text("You are signed out.")).to_be_hidden()
    expect(page.get_by_role("button", name="Resume")).to_be_hidden()
    expect(page.locator("#rejected")).to_be_hidden()
    # At most one request per parallel upload.
    assert sent.creations <= 5
    assert UploadBatch.objects.get().sealed_at is None


def test_403_without_a_code_asks_to_sign_in(page: Page, tmp_path: Path) -> None:
    page.route("**/tus/", lambda route: route.fulfill(status=403, body="<h1>Forbidden</h1>"))

    choose_folder(page, make_folder(tmp_path / "Roll", 3))

    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.unroute("**/tus/")
    page.get_by_role("button", name="Resume").click()
    page.wait_for_url(BATCH)


def test_html_of_a_proxy_is_not_shown(page: Page, tmp_path: Path) -> None:
    page.route("**/tus/", lambda route: route.fulfill(status=418, body="<h1>I'm a teapot</h1>"))

    choose_folder(page, make_folder(tmp_path / "Roll", 1))

    expect(page.locator("#rejected-list")).to_contain_text("The server sent an unexpected response (418).")
    expect(page.get_by_text("teapot")).to_be_hidden()


def test_small_files_take_one_request_although_the_first_options_request_failed(page: Page, tmp_path: Path) -> None:
    lost: list[str] = []

    def lose_first_options(route: Route) -> None:
        if route.request.method == "OPTIONS" and not lost:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/tus/", lose_first_options)
    patches: list[str] = []
    page.on("request", lambda request: patches.append(request.url) if request.method == "PATCH" else None)
    choose_folder(page, make_folder(tmp_path / "Roll", 20))
    page.wait_for_url(BATCH)

    assert lost
    # Only uploads that were waiting for the failed OPTIONS request send their bytes in a separate PATCH.
    assert len(patches) <= 5
    wait_until(lambda: UploadBatch.objects.get().missing == 0)
