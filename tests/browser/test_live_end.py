"""The list of files is updated as soon as the batch is completed."""

from django.contrib.auth.models import User
from playwright.sync_api import Route, expect

from batches.engine import lifecycle
from batches.models import UploadBatch
from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe, fail_last, path
from tests.support.batches import make_batch


def complete(batch: UploadBatch) -> None:
    describe(batch, 59)
    fail_last(batch)
    lifecycle.seal_batch(batch.id)


def test_list_is_updated_at_completion_without_waiting_for_the_throttle(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 60)
    page = open_page(f"{path(batch)}?show=described")
    page.evaluate("later = window.setTimeout; window.setTimeout = (f, ms) => (ms === 2000 ? 1e9 : later(f, ms))")
    describe(batch, 30)
    expect(page.locator("#count")).to_have_text("30")
    expect(page.locator(".files li")).to_have_count(0)

    complete(batch)

    expect(page.locator(".files li")).to_have_count(50)


def test_list_is_updated_at_completion_while_an_older_request_is_pending(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 60)
    page = open_page(f"{path(batch)}?show=described")
    requests: list[Route] = []
    page.route("**/*show=described", lambda route: requests.append(route), times=1)  # leave the request unanswered
    describe(batch, 30)
    with page.expect_request("**/*show=described"):
        pass

    complete(batch)

    expect(page.locator(".files li")).to_have_count(50)
    assert len(requests) == 1
