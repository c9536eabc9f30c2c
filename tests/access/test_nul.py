"""Visitors cannot make a page fail with NUL, which PostgreSQL refuses in text."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.endpoints import BY_LINK

pytestmark = pytest.mark.django_db

IDS = {"shared-picture": [1], "shared-preview": [1, 320], "shared-original": [1]}


@pytest.mark.parametrize("name", sorted(BY_LINK))
def test_token_with_nul_is_not_found(client: Client, name: str) -> None:
    path = reverse(name, args=["token", *IDS.get(name, [])]).replace("token", "%00")

    assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)


def test_session_key_with_nul_is_unknown(client: Client) -> None:
    # Django decodes \000 in a quoted cookie.
    response = client.get(reverse("upload-list"), headers={"Cookie": r'sessionid="abcdefgh\000"'})

    assert (response.status_code, response["Location"].partition("?")[0]) == (302, reverse("login"))
