"""Selecting pictures with the mouse, the keyboard and by touch, and adding them to an album."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from batches.engine import lifecycle
from tests.browser.conftest import OpenPage
from tests.browser.site_data import describe
from tests.support.batches import make_batch

CHECKED = "[...document.querySelectorAll('[name=picture]')].map((box) => Number(box.checked)).join('')"
OVERFLOWING = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"
FOCUSED = "[...document.querySelectorAll('.tile')].indexOf(document.activeElement.closest('.tile'))"


@pytest.fixture
def library(open_page: OpenPage, owner: User) -> Page:
    """The library page with seven pictures, none of them selected."""
    batch = make_batch(owner, 7)
    describe(batch, 7)
    lifecycle.seal_batch(batch.id)
    page = open_page("/library/")
    expect(page.locator(".selection-bar")).to_be_hidden()
    return page


def test_click_selects_shift_extends_and_pictures_toggle_while_any_is_selected(library: Page) -> None:
    boxes, count = library.get_by_role("checkbox"), library.locator(".selected-count")

    boxes.nth(1).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(count).to_have_text("4 selected")
    assert library.evaluate(CHECKED) == "0111100"
    expect(library.locator(".tile.selected")).to_have_count(4)

    library.locator(".tile a").nth(2).click()
    library.locator(".tile a").nth(6).click()
    assert library.evaluate(CHECKED) == "0101101"
    library.get_by_role("button", name="Clear selection").click()
    expect(library.locator(".selection-bar")).to_be_hidden()
    library.locator(".tile a").nth(2).click()
    library.wait_for_url("**/library/*/*")


def test_selection_above_the_limit_is_kept_and_explained(library: Page) -> None:
    library.evaluate("document.getElementById('selection').dataset.most = 3")
    boxes, delete = library.get_by_role("checkbox"), library.get_by_role("button", name="Delete")

    boxes.nth(1).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(library.locator(".selected-count")).to_have_text("4 selected. Select up to 2,000 pictures at a time.")
    expect(delete).to_be_hidden()

    boxes.nth(4).uncheck()
    expect(delete).to_be_visible()


def test_list_is_one_tab_stop_in_which_arrows_move_and_space_selects(library: Page) -> None:
    keys = library.keyboard
    library.locator(".tile a").first.focus()

    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Space", "Shift+ArrowRight"):
        keys.press(key)
    assert (library.evaluate(FOCUSED), library.evaluate(CHECKED)) == (2, "0110000")
    keys.press("End")
    keys.press("Shift+Space")
    assert library.evaluate(CHECKED) == "0111111"
    keys.press("Tab")
    assert library.evaluate(FOCUSED) == -1
    keys.press("Shift+Tab")
    assert library.evaluate(FOCUSED) == 6
    keys.press("Escape")
    assert library.evaluate(CHECKED) == "0000000"


def test_long_press_selects_on_touch_screens(library: Page) -> None:
    picture = library.locator(".tile a").nth(3)

    picture.dispatch_event("pointerdown", {"pointerType": "touch"})
    expect(library.locator(".selected-count")).to_have_text("1 selected")
    picture.dispatch_event("pointerup", {"pointerType": "touch"})
    picture.dispatch_event("click")  # browsers send a click when the finger is lifted

    assert library.evaluate(CHECKED) == "0001000"


def test_selection_is_added_to_a_new_album(library: Page) -> None:
    library.get_by_role("checkbox").nth(0).check()
    library.get_by_role("button", name="Add to album").click()
    library.get_by_label("New album").fill("Norway")
    library.get_by_role("button", name="Create and add").click()

    expect(library.get_by_role("heading", name="Norway")).to_be_visible()
    expect(library.locator(".tile")).to_have_count(1)


def test_buttons_for_the_selection_fit_a_phone_in_german(open_page: OpenPage, library: Page) -> None:
    page = open_page("/library/", viewport={"width": 390, "height": 844}, locale="de-DE")
    page.get_by_role("checkbox").first.check()

    assert page.locator(".selection-bar, .selection-bar > button").evaluate_all(OVERFLOWING) == []
