"""The page and the account menu are aligned. On phones, filters scroll and the import notice covers nothing."""

from django.contrib.auth.models import User
from playwright.sync_api import ViewportSize

from tests.browser.conftest import OpenPage
from tests.support.batches import make_batch
from uploads.models import SavedSearch, SearchTerm

PHONE: ViewportSize = {"width": 390, "height": 844}

LEFT_EDGES = """["a.brand", "h1", "#language-label"]
    .map((name) => Math.round(document.querySelector(name).getBoundingClientRect().left))"""

# The lower edge of the footer's text, the edges of the notice, and the upper edge of the tabs.
BOTTOM = """() => {
    const [text, notice, tabs] = [".foot a, .foot button", ".running", ".places"]
        .map((name) => [...document.querySelectorAll(name)].at(-1).getBoundingClientRect());
    return [text.bottom, [notice.top, notice.bottom], tabs.top];
}"""

TEXT_EDGES = """(entries) => entries.map((entry) => {
    const text = document.createRange();
    text.selectNodeContents(entry);
    return Math.round(text.getBoundingClientRect().left);
})"""


def test_header_content_and_footer_share_their_left_edge(open_page: OpenPage) -> None:
    page = open_page("/library/")

    for width in (390, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert len(set(page.evaluate(LEFT_EDGES))) == 1, width


def test_entries_of_the_account_menu_are_aligned_on_phones(open_page: OpenPage) -> None:
    page = open_page("/library/", viewport=PHONE)
    page.locator(".account summary").click()

    entries = page.locator(".account .menu").locator("a, button")

    assert len(set(entries.evaluate_all(TEXT_EDGES))) == 1


def test_filters_scroll_sideways_on_phones_but_their_menus_are_not_cut_off(open_page: OpenPage, owner: User) -> None:
    for kind, text in ((SearchTerm.Kind.PLACE, "Lisbon, Portugal"), (SearchTerm.Kind.CAMERA, "Pixel 8")):
        SearchTerm.objects.create(owner=owner, kind=kind, text=text)
    SavedSearch.objects.create(owner=owner, query="cat type:photo")
    page = open_page("/search/", viewport=PHONE)

    page.locator(".filters summary").last.click()
    page.get_by_role("link", name="cat type:photo").click()

    page.wait_for_url("**/search/?q=cat*")


def test_notice_of_a_running_import_covers_nothing_on_phones(open_page: OpenPage, owner: User) -> None:
    make_batch(owner, 1)
    page = open_page("/albums/", viewport={"width": 390, "height": 400})
    page.locator(".foot").evaluate("(foot) => foot.scrollIntoView({ block: 'end' })")

    text, (top, bottom), tabs = page.evaluate(BOTTOM)

    assert text <= top
    assert bottom == tabs
