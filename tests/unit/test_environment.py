"""Environment variables are read, and invalid ones are refused with an error that names the variable."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from vuemantics.environment import choice, flag, integer, number, numbers, secret_key, time_zone, url

NAME = "VUEMANTICS_EXAMPLE"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(value, True) for value in ("1", "true", "YES", "on")]
    + [(value, False) for value in ("0", "False", "no", "off", "")],
)
def test_flag_is_read(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv(NAME, value)

    assert flag(NAME) is expected


def test_empty_variables_give_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " ")

    assert integer(NAME, 4, minimum=1) == 4
    assert number(NAME, 0.5, minimum=0) == 0.5
    assert numbers(NAME) == {}
    assert url(NAME, "unix:///tmp/s.sock", ["unix"], "") == "unix:///tmp/s.sock"


def test_bounds_are_inclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "9")

    assert integer(NAME, 1, minimum=9) == 9
    assert number(NAME, 1, minimum=9, maximum=9) == 9


def test_named_numbers_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " describing=1800, checking=0.5,")

    assert numbers(NAME) == {"describing": 1800, "checking": 0.5}


def test_choice_ignores_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "warning")

    assert choice(NAME, "INFO", ["INFO", "WARNING"]) == "WARNING"


def test_time_zone_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "Europe/Berlin")

    assert time_zone(NAME, "UTC") == "Europe/Berlin"


@pytest.mark.parametrize("value", ["maybe", "2", "yes please"])
def test_invalid_flag_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be 1 or 0, not “{value}”"):
        flag(NAME)


@pytest.mark.parametrize("value", ["abc", "inf", "nan", "-0.1", "11"])
def test_number_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match=f"at least 0 and at most 10, not “{value}”"):
        number(NAME, 5, minimum=0, maximum=10)


@pytest.mark.parametrize("value", ["2.5", "1e3", "-1", "0"])
def test_invalid_integer_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match=f"an integer, at least 1, not “{value}”. Unset it for its default"):
        integer(NAME, 5, minimum=1)


@pytest.mark.parametrize("value", ["checking", "checking=soon", "checking=0", "checking=nan"])
def test_invalid_named_number_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be .*“{value}”"):
        numbers(NAME)


@pytest.mark.parametrize("value", ["nonsense", "http://host", "redis://", "redis:host", "redis://host:port"])
def test_invalid_url_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be a URL such as redis://host:6379/0"):
        url(NAME, "", ["redis"], "redis://host:6379/0")


def test_password_of_a_refused_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "mysql://me:pass/word@host/name")

    with pytest.raises(ImproperlyConfigured) as error:
        url(NAME, "", ["postgresql"], "postgresql://host/name")

    assert "word" not in str(error.value)


def test_secret_key_is_created_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(NAME, raising=False)

    key = secret_key(NAME, tmp_path / "var")

    assert len(key) >= 50
    assert secret_key(NAME, tmp_path / "var") == key
