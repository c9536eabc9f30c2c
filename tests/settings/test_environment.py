"""A value that cannot be meant is refused with its variable, itself and the mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.support.worker_processes import ROOT
from vuemantics.environment import flag, log_level, number, numbers, secret_key, time_zone, url, whole

NAME = "VUEMANTICS_TRIED"
MANAGE = ["manage.py", "check"]
WORKERS = ["manage.py", "rundramatiq"]
SERVER = ["-m", "vuemantics.server", "--port", "0"]


def refused(command: list[str], **changes: str) -> str:
    """What a program of ours says when it refuses to start."""
    done = subprocess.run(
        [sys.executable, *command], env=os.environ | changes, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VUEMANTICS_WORKER_THREADS", "abc"),
        ("VUEMANTICS_WORKER_THREADS", "inf"),
        ("VUEMANTICS_LOG_LEVEL", "loud"),
        ("VUEMANTICS_LANGUAGE", "tlh"),
        ("VUEMANTICS_TIME_ZONE", "Mars/Olympus"),
        ("VUEMANTICS_MAX_BODY_MIB", "1e9"),
        ("DATABASE_URL", "mysql://host/name"),
        ("REDIS_URL", "nonsense"),
    ],
)
def test_impossible_value_stops_the_start_with_one_line(variable: str, value: str) -> None:
    line = refused(MANAGE, **{variable: value})

    assert line.count("\n") == 1
    assert line.startswith(f"{variable} must be ")
    assert value.lower() in line.lower()


@pytest.mark.parametrize("command", [SERVER, WORKERS])
def test_every_program_says_it_in_one_line(command: list[str]) -> None:
    line = refused(command, VUEMANTICS_TIME_SLICE_SECONDS="nan")

    assert line == (
        "VUEMANTICS_TIME_SLICE_SECONDS must be a number, at least 0.001, not “nan”. Unset it for its default, 1.\n"
    )


@pytest.mark.parametrize("command", [SERVER, WORKERS])
def test_what_only_a_check_can_see_stops_every_program_too(command: list[str]) -> None:
    said = refused(command, VUEMANTICS_HOSTS="http://photos.local")

    assert "VUEMANTICS_HOSTS names “http://photos.local”, which is no host." in said
    assert "Traceback" not in said


def test_folder_that_cannot_be_made_is_refused_in_one_line() -> None:
    line = refused(MANAGE, VUEMANTICS_VAR="/proc/x", SECRET_KEY="")

    assert line.count("\n") == 1
    assert "/proc/x" in line
    assert "Set VUEMANTICS_VAR" in line


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_flag_reads_yes(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    assert flag(NAME) is True


@pytest.mark.parametrize("text", ["0", "False", "no", "off", ""])
def test_flag_reads_no(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    assert flag(NAME) is False


def test_empty_variables_mean_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " ")

    assert whole(NAME, 4, least=1) == 4
    assert number(NAME, 0.5, least=0) == 0.5
    assert numbers(NAME) == {}
    assert url(NAME, "unix:///tmp/s.sock", ["unix"], "") == "unix:///tmp/s.sock"


def test_values_at_the_edge_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "9")

    assert whole(NAME, 1, least=9) == 9
    assert number(NAME, 1, least=9, most=9) == 9


def test_numbers_are_read_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " describing=1800, checking=0.5,")

    assert numbers(NAME) == {"describing": 1800, "checking": 0.5}


def test_log_level_is_read_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "warning")

    assert log_level(NAME, "INFO") == "WARNING"


def test_time_zone_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "Europe/Berlin")

    assert time_zone(NAME, "UTC") == "Europe/Berlin"


@pytest.mark.parametrize("text", ["maybe", "2", "yes please"])
def test_flag_refuses_everything_else(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be 1 or 0, not “{text}”"):
        flag(NAME)


@pytest.mark.parametrize("text", ["abc", "inf", "nan", "-0.1", "11"])
def test_number_refuses_what_is_out_of_bounds(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match=f"at least 0 and at most 10, not “{text}”"):
        number(NAME, 5, least=0, most=10)


@pytest.mark.parametrize("text", ["2.5", "1e3", "-1", "0"])
def test_whole_refuses_parts_and_less(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match=f"a whole number, at least 1, not “{text}”"):
        whole(NAME, 5, least=1)


@pytest.mark.parametrize("text", ["checking", "checking=soon", "checking=0", "checking=nan"])
def test_numbers_refuse_what_is_no_positive_number(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be .*“{text}”"):
        numbers(NAME)


@pytest.mark.parametrize("text", ["nonsense", "http://host", "redis://", "redis:host", "redis://host:port"])
def test_url_refuses_what_is_no_address(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be an address such as redis://host:6379/0"):
        url(NAME, "", ["redis"], "redis://host:6379/0")


def test_refused_url_keeps_its_password_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "mysql://me:pass/word@host/name")

    with pytest.raises(ImproperlyConfigured) as caught:
        url(NAME, "", ["postgresql"], "postgresql://host/name")

    assert "word" not in str(caught.value)


def test_key_is_kept_in_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(NAME, raising=False)

    key = secret_key(NAME, tmp_path / "var")

    assert len(key) >= 50
    assert secret_key(NAME, tmp_path / "var") == key
