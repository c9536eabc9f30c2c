"""While the user types in the search box, results are updated and suggestions appear."""

import re

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.batches import make_upload
from uploads.models import SearchTerm, Upload


def test_results_appear_while_typing(open_page: OpenPage, owner: User) -> None:
    upload = make_upload(owner, 1)
    Upload.objects.filter(id=upload.id).update(description="A cup of coffee.", processed_at=timezone.now())
    page = open_page("/search/?q=giraffe")
    box = page.get_by_role("searchbox", name="Search your library")

    box.fill("coffee")

    expect(page.locator("mark")).to_have_text("coffee")
    expect(page).to_have_url(page.url.partition("?")[0] + "?q=coffee")
    expect(box).to_be_focused()


def test_suggestions_are_used_by_keyboard(open_page: OpenPage, owner: User) -> None:
    upload = make_upload(owner, 1)
    places = ["Lisbon, Portugal", "Lissabon road"]
    Upload.objects.filter(id=upload.id).update(place=places[0], keywords=places[1:], processed_at=timezone.now())
    for kind, text in zip((SearchTerm.Kind.PLACE, SearchTerm.Kind.KEYWORD), places, strict=True):
        SearchTerm.objects.create(owner=owner, kind=kind, text=text)
    page = open_page("/search/")
    box = page.get_by_role("searchbox", name="Search your library")
    links = page.locator("#suggestions a")

    box.fill("lis")  # one event, so that no later answer replaces the suggestions
    expect(links).to_have_count(2)
    for key, focused in (("ArrowDown", links.nth(0)), ("ArrowDown", links.nth(1)), ("ArrowDown", box)):
        page.keyboard.press(key)
        expect(focused).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(links.nth(1)).to_be_focused()

    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    expect(links).to_have_count(0)
    expect(box).to_have_value("lis")

    page.keyboard.type("s")
    expect(links).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=Lissabon%20road$"))
