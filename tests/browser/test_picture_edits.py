"""The form that changes the dates of pictures."""

from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.batches import make_upload


def test_date_form_shows_only_the_fields_of_the_selected_option(open_page: OpenPage, owner: User) -> None:
    page = open_page(f"/library/dates/?picture={make_upload(owner, 1).id}")
    days, date = page.get_by_label("Days"), page.get_by_label("Date", exact=True)
    expect(days).to_be_visible()
    expect(date).to_be_hidden()

    page.get_by_label("Set date").check()

    expect(date).to_be_visible()
    expect(days).to_be_hidden()
