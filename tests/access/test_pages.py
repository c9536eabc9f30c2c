"""No endpoint gives other users, superusers or visitors access to a user's rows.

Most tests request all endpoints in one loop, so that they create the rows only once. If such a test fails, it names
the endpoints.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from batches.models import BatchItem
from tests.access.access_data import SECRETS, AccessData, rows_of_anna
from tests.access.endpoints import BY_LINK, ENDPOINTS, PUBLIC, Endpoint, send_request
from uploads.models import Upload

# Streamed responses read the rows through their own connections, so the rows must be committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

USERS: dict[str, Callable[[AccessData], User]] = {
    "other user": lambda data: data.ben,
    "superuser": lambda _data: User.objects.create_superuser("root"),
}


@pytest.mark.parametrize("who", USERS)
def test_endpoints_neither_show_nor_change_what_belongs_to_another_user(
    client: Client, data: AccessData, who: str
) -> None:
    # Ben's files have the same names as Anna's by default, so rename them.
    BatchItem.objects.filter(batch=data.own).update(filename="mine.jpg")
    Upload.objects.filter(owner=data.ben).update(filename="mine.jpg", camera="")
    client.force_login(USERS[who](data))
    before = rows_of_anna()

    def open_to_user(endpoint: Endpoint) -> bool:
        status, _location, body = send_request(client, endpoint, data)
        return status not in endpoint.answers or any(secret in body for secret in SECRETS) or rows_of_anna() != before

    assert not [str(endpoint) for endpoint in ENDPOINTS if open_to_user(endpoint)]


def test_endpoints_redirect_visitors_to_the_sign_in_page(client: Client, data: AccessData) -> None:
    before = rows_of_anna()

    def open_to_visitor(endpoint: Endpoint) -> bool:
        status, location, body = send_request(client, endpoint, data)
        return (status, location.partition("?")[0], body) != (302, reverse("login"), "")

    assert not [str(endpoint) for endpoint in ENDPOINTS if open_to_visitor(endpoint)]
    assert rows_of_anna() == before


def test_no_page_of_a_user_is_cached(client: Client, data: AccessData) -> None:
    client.force_login(data.anna)

    def cacheable(endpoint: Endpoint) -> bool:
        return not {"private", "no-store"} <= set(re.split(r",\s*", client.get(endpoint.path(data))["Cache-Control"]))

    pages = [one for one in ENDPOINTS if one.method == "GET" and one.name not in {"upload-preview", "upload-original"}]
    assert not [str(endpoint) for endpoint in pages if cacheable(endpoint)]


def test_library_sizes_leave_out_sizes_of_other_users_files(client: Client, data: AccessData) -> None:
    BatchItem.objects.filter(batch=data.own).delete()
    Upload.objects.filter(owner=data.ben).delete()
    client.force_login(data.ben)
    endpoint = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "library-sizes")

    assert '"sizes": []' in send_request(client, endpoint, data)[2]


def url_names(patterns: list[Any], namespace: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            nested = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            found |= url_names(pattern.url_patterns, nested)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(namespace + pattern.name)
    return found


def test_every_url_has_an_endpoint_here() -> None:
    site = {name for name in url_names(get_resolver().url_patterns) if ":" not in name}

    assert site == {endpoint.name for endpoint in ENDPOINTS} | PUBLIC | BY_LINK
