"""An open page shows the final state even if the server restarts or events are lost."""

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe
from tests.support.batches import make_batch
from tests.support.web_server import Site


def complete_without_events(batch: UploadBatch) -> None:
    """Complete the batch without the engine, so that no event is sent."""
    now = timezone.now()
    BatchItem.objects.filter(batch=batch).update(
        status=ItemStatus.COMPLETED, result="new", queue_position=None, finished_at=now
    )
    UploadBatch.objects.filter(id=batch.id).update(
        status=BatchStatus.COMPLETED, successful=batch.total, sealed_at=now, completed_at=now
    )


def expect_completed(page: Page) -> None:
    expect(page.locator("#heading")).to_contain_text("Completed")
    expect(page.locator("#count")).to_have_text("8")
    expect(page).to_have_title("100% · Iceland · vuemantics")
    expect(page.locator(".files .state.good")).to_have_count(8)
    expect(page.locator("#connection")).to_be_hidden()
    assert page.evaluate("window.sameDocument")


def test_page_shows_the_completion_after_a_restart_of_the_server(
    open_page: OpenPage, shared_site: Site, owner: User
) -> None:
    batch = make_batch(owner, 8)
    page = open_page(f"/batches/{batch.id}/")
    page.evaluate("window.sameDocument = true")
    describe(batch, 2)
    expect(page.locator("#count")).to_have_text("2")

    shared_site.kill()
    expect(page.locator("#connection")).to_have_text("Connection lost. Reconnecting…")
    complete_without_events(batch)
    shared_site.start()

    expect_completed(page)
    longest = page.evaluate(
        "Math.max(...Array.from({length: 100}, (_, attempts) => htmx.config.wsReconnectDelay(attempts)))"
    )
    assert 2500 <= longest <= 5000


def test_page_shows_the_completion_without_events(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 8)
    page = open_page(f"/batches/{batch.id}/")
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#count")).to_have_text("0")

    complete_without_events(batch)

    expect_completed(page)
