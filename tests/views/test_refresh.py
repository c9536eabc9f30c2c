"""Without JavaScript, a running batch's page refreshes itself until the user pauses it or searches."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from batches.engine import lifecycle
from tests.support.batches import make_batch
from tests.views.test_batches import detail, finish, text

REFRESH = '<noscript><meta http-equiv="refresh" content="5"></noscript>'
NOTIFICATION = 'id="notification"'


def test_batch_page_refreshes_itself_and_offers_a_notification_only_while_active(page: Client, anna: User) -> None:
    batch = make_batch(anna, 1)
    html = text(page, detail(batch))
    assert REFRESH in html
    assert NOTIFICATION in html

    finish(batch, 1)
    lifecycle.seal_batch(batch.id)

    html = text(page, detail(batch))
    assert REFRESH not in html
    assert NOTIFICATION not in html
    assert "Completed" in html


@pytest.mark.parametrize(
    ("query", "refreshes"), [({}, True), ({"still": ""}, False), ({"name": "IMG_0002", "kind": ""}, False)]
)
def test_refresh_is_paused_by_its_link_and_during_a_search(
    page: Client, anna: User, query: dict[str, str], refreshes: bool
) -> None:
    html = text(page, detail(make_batch(anna, 4)), **query)

    assert (REFRESH in html) == ('<a href="?still#files">Pause refresh</a>' in html) == refreshes
    assert ("Resume refresh" in html) == (not refreshes)


def test_cancel_confirmation_does_not_refresh(page: Client, anna: User) -> None:
    html = text(page, reverse("batch-cancel", args=[make_batch(anna, 4).id]))

    assert "Cancel “Iceland”?" in html
    assert 'http-equiv="refresh"' not in html
