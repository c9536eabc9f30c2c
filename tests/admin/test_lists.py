"""The queries, filters and progress bars of the admin's lists."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.support.batches import make_batch
from tests.support.failures import fail_stored
from tests.support.users import make_staff, make_user
from uploads import read_only_admin

pytestmark = pytest.mark.django_db
ITEMS = "admin:batches_batchitem_changelist"
BATCHES = "admin:batches_uploadbatch_changelist"
VIEW = ["view_uploadbatch", "view_batchitem", "view_user"]


@pytest.fixture
def viewer(client: Client, db: None) -> Client:
    client.force_login(make_staff("viewer", *VIEW))
    return client


def statements(client: Client, address: str) -> list[str]:
    """Request a page and return the SQL statements that it runs."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in queries.captured_queries]


def names(client: Client, name: str, **query: Any) -> str:
    """Return the HTML of a list, from its table to the end of the page."""
    page = client.get(reverse(name, query=query))
    assert page.status_code == 200
    return page.content.decode().split('id="result_list"')[-1]


@pytest.mark.parametrize("name", [ITEMS, BATCHES, "admin:uploads_upload_changelist"])
def test_lists_count_rows_up_to_a_limit(admin_client: Client, name: str) -> None:
    make_batch(make_user("ada"), 2)

    counts = [sql for sql in statements(admin_client, reverse(name)) if "COUNT(" in sql]

    assert counts
    assert all(f"LIMIT {read_only_admin.MAX_ROWS}" in sql for sql in counts)


def test_list_beyond_the_limit_says_so(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_only_admin, "MAX_ROWS", 3)
    make_batch(make_user("ada"), 4)

    assert "3 batch items or more" in names(viewer, ITEMS)


def test_file_list_query_count_is_constant(viewer: Client) -> None:
    make_batch(make_user("ada"), 1)
    few = len(statements(viewer, reverse(ITEMS)))
    make_batch(make_user("bob"), 5)

    assert len(statements(viewer, reverse(ITEMS))) == few


@pytest.mark.parametrize("state", ItemStatus.values)
def test_file_list_filters_by_state(viewer: Client, state: str) -> None:
    batch = make_batch(make_user("ada"), 2)
    fail_stored(batch)

    rows = names(viewer, ITEMS, status__exact=state)

    assert ("IMG_0000" in rows) == (state == "failed")
    assert ("IMG_0001" in rows) == (state == "pending")


@pytest.mark.parametrize("name", [ITEMS, BATCHES])
def test_list_filters_by_owner(viewer: Client, name: str) -> None:
    ada = make_user("ada")
    make_batch(ada, 1, "Iceland")
    make_batch(make_user("bob"), 1, "Norway")

    rows = names(viewer, name, owner=ada.id)

    assert "Iceland" in rows
    assert "Norway" not in rows


@pytest.mark.parametrize("owner", ["ada", "9" * 30, "-1", ""])
def test_invalid_owner_filters_nothing(viewer: Client, owner: str) -> None:
    make_batch(make_user("ada"), 1)

    assert "Iceland" in names(viewer, BATCHES, owner=owner)


def test_owner_filter_autocompletes(viewer: Client) -> None:
    make_user("ada")
    make_user("bob")
    query = {"term": "ad", "app_label": "batches", "model_name": "uploadbatch", "field_name": "owner"}

    answer = viewer.get(reverse("admin:autocomplete", query=query)).json()

    assert [person["text"] for person in answer["results"]] == ["ada"]


def test_owner_filter_does_not_list_all_users(viewer: Client) -> None:
    make_user("somebody-else")

    assert "somebody-else" not in viewer.get(reverse(BATCHES)).content.decode()


def test_owner_filter_is_hidden_from_staff_who_may_not_view_users(client: Client) -> None:
    client.force_login(make_staff("viewer", "view_uploadbatch"))

    assert "owner-filter" not in client.get(reverse(BATCHES)).content.decode()


def test_error_code_filter_reads_no_rows(viewer: Client) -> None:
    batch = make_batch(make_user("ada"), 1)
    fail_stored(batch, "model.answer", "No answer.")

    page = viewer.get(reverse(ITEMS, query={"error_code": "model.answer"})).content.decode()

    assert "IMG_0000" in page
    assert "error_code=image.truncated" in page
    assert not [sql for sql in statements(viewer, reverse(ITEMS)) if "DISTINCT" in sql]


def test_progress_bar_of_a_running_batch_is_marked_active(viewer: Client) -> None:
    running, paused = make_batch(make_user("ada"), 1), make_batch(make_user("bob"), 1)
    UploadBatch.objects.filter(id=paused.id).update(status="paused")

    page = viewer.get(reverse(BATCHES)).content.decode()

    assert f'data-batch="{running.id}" data-active>' in page
    assert f'data-batch="{paused.id}">' in page
    assert '<script src="/static/js/admin.js" type="module">' in page


def test_file_list_is_not_sortable(viewer: Client) -> None:
    make_batch(make_user("ada"), 1)

    assert "sortable" not in names(viewer, ITEMS)


def test_owners_are_read_with_the_batches(viewer: Client) -> None:
    for number in range(3):
        make_batch(make_user(f"person{number}"), 1)

    people = [sql for sql in statements(viewer, reverse(BATCHES)) if 'FROM "auth_user"' in sql]

    assert len(people) == 1
    assert User.objects.count() == 4
    assert BatchItem.objects.count() == 3
