"""The address of a client whose requests pass through a proxy."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from vuemantics.client_address import client_address

PROXY = "10.0.0.2"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 198.51.100.1 , 203.0.113.7 ", "203.0.113.7"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", PROXY),
        ("203.0.113.7,", PROXY),
        ("203.0.113.7'; --", PROXY),
    ],
)
def test_last_forwarded_address_is_used_if_it_is_valid(settings: Settings, forwarded: str, address: str) -> None:
    settings.BEHIND_PROXY = True
    request = RequestFactory(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": forwarded}).get("/")

    assert client_address(request) == address


def test_unix_socket_has_no_address() -> None:
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]

    assert client_address(request) is None
