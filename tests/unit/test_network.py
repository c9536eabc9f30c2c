"""`manage.py run` prints how to reach the site from other devices."""

import pytest

from vuemantics.management.network import lan_address, network_lines

LOCAL = ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_local_server_has_no_network_lines(host: str) -> None:
    assert network_lines(host, 8000, LOCAL, "192.168.1.20") == []


def test_machine_without_network_has_no_network_lines() -> None:
    assert network_lines("0.0.0.0", 8000, LOCAL, "") == []


def test_refused_address_comes_with_the_command_that_allows_it() -> None:
    lines = network_lines("0.0.0.0", 8001, [*LOCAL, "photos.local"], "192.168.1.20")

    assert lines[0] == "From other devices: http://192.168.1.20:8001/"
    assert lines[1].endswith("VUEMANTICS_HOSTS=photos.local,192.168.1.20 make run HOST=0.0.0.0 PORT=8001")


@pytest.mark.parametrize("allowed", ["192.168.1.20", "*"])
def test_allowed_address_needs_no_command(allowed: str) -> None:
    lines = network_lines("0.0.0.0", 8000, [*LOCAL, allowed], "192.168.1.20")

    assert lines == ["From other devices: http://192.168.1.20:8000/"]


def test_server_on_one_address_names_that_address() -> None:
    lines = network_lines("fd00::20", 8000, LOCAL, "192.168.1.20")

    assert lines[0] == "From other devices: http://[fd00::20]:8000/"
    assert lines[1].endswith("VUEMANTICS_HOSTS=[fd00::20] make run HOST=fd00::20")


def test_address_of_this_machine_is_not_a_wildcard() -> None:
    assert lan_address() != "0.0.0.0"
