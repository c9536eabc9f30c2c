"""Repeated wrong passwords lock out only the address, or the IPv6 network, that sent them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

PASSWORD = "correct horse battery"
PROXY, ANNA, ATTACKER = "10.0.0.2", "192.168.1.20", "203.0.113.7"
LOCKED = 429


@pytest.fixture
def anna(db: None, settings: Settings) -> User:
    settings.AXES_FAILURE_LIMIT = 2
    return User.objects.create_user("anna", password=PASSWORD)


def sign_in(password: str, peer: str, forwarded: str | None = None) -> int:
    """Submit the sign-in form from the address `peer`, with an X-Forwarded-For header if given; return the status."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    form = {"username": "anna", "password": password}
    return Client(REMOTE_ADDR=peer, headers=headers).post(reverse("login"), form).status_code


def fail(peer: str, *forwarded: str | None) -> None:
    """Submit a wrong password once for each X-Forwarded-For header in `forwarded`; None means no header."""
    for header in forwarded:
        sign_in("wrong", peer, header)


def test_attacker_behind_the_proxy_locks_out_nobody_else(anna: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = True

    fail(PROXY, ATTACKER, ATTACKER)

    assert sign_in(PASSWORD, PROXY, ATTACKER) == LOCKED
    assert sign_in(PASSWORD, PROXY, ANNA) == 302


def test_forged_forwarded_address_is_ignored(anna: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = True

    fail(PROXY, f"{ANNA}, {ATTACKER}", f"198.51.100.1, {ATTACKER}")

    assert sign_in(PASSWORD, PROXY, f"198.51.100.2, {ATTACKER}") == LOCKED
    assert sign_in(PASSWORD, PROXY, ANNA) == 302


def test_forwarded_header_is_ignored_without_a_proxy(anna: User) -> None:
    fail(ATTACKER, ANNA, ANNA)

    assert sign_in(PASSWORD, ATTACKER, "198.51.100.1") == LOCKED
    assert sign_in(PASSWORD, ANNA) == 302


def test_attempts_from_one_ipv6_network_count_together(anna: User) -> None:
    fail("2001:db8:0:1::1", None)
    fail("2001:db8:0:1:9:9:9:9", None)

    assert sign_in(PASSWORD, "2001:db8:0:1::2") == LOCKED
    assert sign_in(PASSWORD, "2001:db8:0:2::1") == 302


@pytest.mark.parametrize("url_name", ["login", "admin:login"])
def test_locked_out_page_says_when_to_try_again(anna: User, client: Client, url_name: str) -> None:
    for _ in range(2):
        response = client.post(
            reverse(url_name), {"username": "anna", "password": "wrong"}, headers={"Accept-Language": "de"}
        )

    assert response.status_code == LOCKED
    page = response.content.decode()
    assert '<html lang="de">' in page
    assert "15 Minuten" in page
    assert f'href="{reverse("login")}"' in page
