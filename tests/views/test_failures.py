"""The "Problems" page, which shows one owner's failures."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from batches.failures.queries import EXAMPLES_SHOWN, MAX_COUNTED
from batches.models import BatchItem
from batches.models.states import ItemStatus
from tests.support.batches import make_batch
from tests.support.failures import fail_stored, reject_file
from tests.support.users import make_user
from tests.views.failure_pages import shown

pytestmark = pytest.mark.django_db


def test_empty_page_explains_itself(page: Client) -> None:
    html = shown(page)

    assert "No problems" in html
    assert "badge" not in html
    assert "<form" not in html.split('id="main"')[1].split("</main>")[0]


def test_failures_are_grouped_by_error_code_with_count_and_examples(page: Client, anna: User) -> None:
    one, two = make_batch(anna, 2, "Iceland"), make_batch(anna, 1, "Norway")
    for batch in (one, one, two):
        fail_stored(batch, "image.truncated", "The picture is incomplete.")
    reject_file(two, "notes.txt", message="This is a text file, which cannot be read here.")

    html = shown(page)

    first, second = html.split('<li class="cause">')[1:]
    assert "3 files" in first
    assert "The picture is incomplete: the end of the file is missing." in first
    assert f'href="{reverse("batch-detail", args=[two.id])}?show=failed' in first
    assert "Iceland/IMG_0000.JPG" in first
    assert "1 file" in second
    assert "This is a text file, which cannot be read here." in second


def test_permanent_failures_offer_no_retry(page: Client, anna: User) -> None:
    fail_stored(make_batch(anna, 1), "image.truncated")

    html = shown(page)

    assert reverse("failures-retry") not in html
    assert "Copy it from the camera or phone again" in html
    assert reverse("failures-dismiss") in html


def test_failures_without_stored_bytes_offer_no_retry(page: Client, anna: User) -> None:
    reject_file(make_batch(anna, 0), "a.jpg", "file.unreadable", "The disk did not give it.")

    html = shown(page)

    assert reverse("failures-retry") not in html
    assert "weren't stored" in html


def test_examples_are_limited_and_the_rest_is_counted(page: Client, anna: User) -> None:
    batch = make_batch(anna, EXAMPLES_SHOWN + 3)
    for _ in range(EXAMPLES_SHOWN + 3):
        fail_stored(batch)

    html = shown(page)

    assert html.count('title="Iceland/IMG_') == EXAMPLES_SHOWN
    assert "and 3 more files" in html


def test_navigation_shows_the_number_of_failures(page: Client, anna: User) -> None:
    fail_stored(make_batch(anna, 1))

    assert '<span class="tally number">1</span>' in shown(page, "upload-list")


def test_number_of_failures_in_the_navigation_is_limited(page: Client, anna: User) -> None:
    batch = make_batch(anna, 0)
    for number in range(MAX_COUNTED):
        reject_file(batch, f"{number}.txt")

    assert f'<span class="tally number">{MAX_COUNTED - 1}+</span>' in shown(page)


def test_example_links_to_the_page_of_its_file(page: Client, anna: User) -> None:
    batch = make_batch(anna, 0)
    newest = [reject_file(batch, f"notes-{number}.txt") for number in range(60)][-1]

    way = re.search(rf'<a href="([^"]+)">{newest.filename}</a>', shown(page))

    assert way is not None
    assert f"<h1>{newest.filename}</h1>" in page.get(way[1]).content.decode()


def test_failures_of_other_users_are_not_shown(page: Client) -> None:
    fail_stored(make_batch(make_user("ben"), 1))

    html = shown(page)

    assert "No problems" in html
    assert "Iceland" not in html


def test_names_in_failures_are_escaped(page: Client, anna: User) -> None:
    reject_file(make_batch(anna, 0, "<b>bold</b>"), "<img src=x>.txt", "new.code", "<i>no</i>")

    assert not re.search("<img src=x|<b>bold|<i>no", shown(page))


@pytest.mark.parametrize("name", ["failures-retry", "failures-dismiss"])
def test_code_with_nul_matches_no_file(page: Client, anna: User, name: str) -> None:
    fail_stored(make_batch(anna, 1))

    answer = page.post(reverse(name), {"code": "item.internal\0", "until": timezone.now().isoformat()})

    assert (answer.status_code, answer["Location"]) == (302, reverse("failures"))
    assert BatchItem.objects.filter(status=ItemStatus.FAILED, dismissed_at=None).count() == 1
