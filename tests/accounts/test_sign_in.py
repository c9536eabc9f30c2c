"""Guessing passwords locks out who guesses, and nobody else."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from tests.support.web_server import WebServer
from vuemantics.accounts.client_address import client_address

PASSWORD = "correct horse battery"
PROXY, ANNA, STRANGER = "10.0.0.2", "192.168.1.20", "203.0.113.7"
LOCKED = 429


@pytest.fixture
def anna(db: None, settings: Settings) -> User:
    settings.AXES_FAILURE_LIMIT = 2
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("anna", password=PASSWORD)


def sign_in(password: str, peer: str, forwarded: str | None = None) -> int:
    """Send the form from an address, or through a proxy at it; the status of the answer."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    form = {"username": "anna", "password": password}
    return Client(REMOTE_ADDR=peer, headers=headers).post(reverse("login"), form).status_code


def guess(peer: str, *forwarded: str | None) -> None:
    """Guess twice, which is once too often."""
    for told in forwarded:
        sign_in("wrong", peer, told)


def test_stranger_behind_the_proxy_locks_nobody_else_out(anna: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = True

    guess(PROXY, STRANGER, STRANGER)

    assert sign_in(PASSWORD, PROXY, STRANGER) == LOCKED
    assert sign_in(PASSWORD, PROXY, ANNA) == 302


def test_address_that_the_sender_invents_counts_for_nothing(anna: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = True

    guess(PROXY, f"{ANNA}, {STRANGER}", f"198.51.100.1, {STRANGER}")

    assert sign_in(PASSWORD, PROXY, f"198.51.100.2, {STRANGER}") == LOCKED
    assert sign_in(PASSWORD, PROXY, ANNA) == 302


def test_without_a_proxy_the_header_is_not_believed(anna: User) -> None:
    guess(STRANGER, ANNA, ANNA)

    assert sign_in(PASSWORD, STRANGER, "198.51.100.1") == LOCKED
    assert sign_in(PASSWORD, ANNA) == 302


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 198.51.100.1 , 203.0.113.7 ", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", PROXY),
        ("203.0.113.7,", PROXY),
        ("203.0.113.7'; --", PROXY),
    ],
)
def test_last_hop_counts_if_it_is_an_address(settings: Settings, forwarded: str, address: str) -> None:
    settings.BEHIND_PROXY = True
    request = RequestFactory(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": forwarded}).get("/")

    assert client_address(request) == address


def test_unix_socket_has_no_address() -> None:
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]

    assert client_address(request) is None


def test_web_server_tells_the_address_of_the_connection(web_server: WebServer) -> None:
    told = web_server.request("GET", "/", b"", {"X-Forwarded-For": STRANGER})

    assert told["client"] == "127.0.0.1"
