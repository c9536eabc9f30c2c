"""An open page ends in the true state by itself: the server was killed in mid batch, or every hint was lost."""

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from batches.models import BatchItem, UploadBatch
from batches.models.states import BatchStatus, ItemStatus
from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe
from tests.support.batches import make_batch
from tests.support.web_server import Site


def end_without_hints(batch: UploadBatch) -> None:
    """Bring the batch to its end as the engine would, and tell nobody."""
    now = timezone.now()
    BatchItem.objects.filter(batch=batch).update(status=ItemStatus.COMPLETED, queue_position=None, finished_at=now)
    UploadBatch.objects.filter(id=batch.id).update(
        status=BatchStatus.COMPLETED, successful=batch.total, sealed_at=now, completed_at=now
    )


def expect_true_end(page: Page) -> None:
    expect(page.locator("#heading")).to_contain_text("Completed")
    expect(page.locator("#count")).to_have_text("40")
    expect(page).to_have_title("100 % · Iceland · vuemantics")
    expect(page.locator(".files .state.good")).to_have_count(40)
    expect(page.locator("#connection")).to_be_hidden()
    assert page.evaluate("window.sameDocument")


def test_page_ends_right_after_the_server_was_killed_and_started_again(
    open_page: OpenPage, own_site: Site, owner: User
) -> None:
    batch = make_batch(owner, 40)
    page = open_page(f"/batches/{batch.id}/")
    page.evaluate("window.sameDocument = true")
    describe(batch, 10)
    expect(page.locator("#count")).to_have_text("10")

    own_site.kill()
    expect(page.locator("#connection")).to_have_text("Connection lost. Reconnecting…")
    end_without_hints(batch)
    own_site.start()

    expect_true_end(page)


def test_page_ends_right_when_no_hint_arrives(open_page: OpenPage, owner: User) -> None:
    batch = make_batch(owner, 40)
    page = open_page(f"/batches/{batch.id}/")
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#count")).to_have_text("0")

    end_without_hints(batch)

    expect_true_end(page)
