"""In a real browser, admin lists update live and can be filtered."""

from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.test_live import describe
from tests.support.batches import make_batch
from tests.support.users import make_user


def test_progress_bar_is_updated_and_selection_kept(open_page: OpenPage, owner: User) -> None:
    User.objects.filter(id=owner.id).update(is_staff=True, is_superuser=True)
    batch = make_batch(make_user("bob"), 4)
    page = open_page("/admin/batches/uploadbatch/")
    page.locator(".action-select").check()
    page.evaluate("window.stayed = true")

    describe(batch, 2)

    expect(page.locator(".field-progress")).to_contain_text("50%")
    expect(page.locator(".field-successful")).to_have_text("2")
    expect(page.locator(".action-select")).to_be_checked()
    assert page.evaluate("window.stayed")


def test_owner_filter_autocompletes(open_page: OpenPage, owner: User) -> None:
    User.objects.filter(id=owner.id).update(is_staff=True, is_superuser=True)
    make_batch(make_user("bob"), 1, "Norway")
    make_batch(owner, 1, "Iceland")
    page = open_page("/admin/batches/uploadbatch/")

    page.locator(".owner-filter .select2-selection").click()
    page.locator(".select2-search__field").fill("bo")
    options = page.locator(".select2-results__option")
    expect(options).to_have_text(["bob"])  # the unfiltered list, which this one replaces, has both users
    options.click()
    page.locator(".owner-filter button").click()

    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text("Norway")
    assert "owner=" in page.url
