"""Fetch pages for the tests of failures."""

from django.test import Client
from django.urls import reverse

from tests.support.html import compact


def shown(client: Client, name: str = "failures") -> str:
    """Return the HTML of a page, by default the Problems page."""
    response = client.get(reverse(name))
    assert response.status_code == 200
    return compact(response.content.decode())
