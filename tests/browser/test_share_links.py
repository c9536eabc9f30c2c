"""The button that copies the address of a share link."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from uploads.albums import create_album
from uploads.shares import create_link


def test_address_of_a_link_is_copied(open_page: OpenPage, owner: User, site: str) -> None:
    album = create_album(owner.id, "Norway")
    link = create_link(album, timezone.now() + timedelta(days=7), "", allows_originals=False)
    page = open_page(f"/albums/{album.pk}/", permissions=["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}/s/{link.token}/"


def test_address_stays_selected_if_the_clipboard_is_not_available(open_page: OpenPage, owner: User) -> None:
    album = create_album(owner.id, "Norway")
    create_link(album, timezone.now() + timedelta(days=7), "", allows_originals=False)
    page = open_page(f"/albums/{album.pk}/", permissions=[])
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")

    page.get_by_role("button", name="Copy").click()

    address = page.get_by_label("Link address")
    assert address.evaluate("(field) => field.value.slice(field.selectionStart, field.selectionEnd)")
