"""Impossible settings are refused at the start, with the mend."""

from pathlib import Path

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

from vuemantics.checks import CHECKS


def found() -> dict[str, CheckMessage]:
    """Our messages by their id."""
    return {message.id: message for check in CHECKS for message in check()}  # type: ignore[misc]


def test_settings_of_the_tests_are_possible() -> None:
    assert found() == {}


def test_checks_are_registered_with_django(settings: Settings) -> None:
    settings.MEDIA_ACCEL = "protected"

    assert "vuemantics.E009" in {message.id for message in run_checks()}


@pytest.mark.parametrize(
    ("name", "value", "code", "variable"),
    [
        ("SECRET_KEY", "short", "E001", "SECRET_KEY"),
        ("ALLOWED_HOSTS", ["http://photos.local"], "E003", "VUEMANTICS_HOSTS"),
        ("ALLOWED_HOSTS", ["photos.local:80"], "E003", "VUEMANTICS_HOSTS"),
        ("ALLOWED_HOSTS", ["photos.local/"], "E003", "VUEMANTICS_HOSTS"),
        ("LEASE_SECONDS", 3, "E004", "VUEMANTICS_LEASE_SECONDS"),
        ("LEASE_SECONDS", 601, "E004", "VUEMANTICS_STAGE_SECONDS"),
        ("RECONCILE_SECONDS", 31, "E004", "VUEMANTICS_RECONCILE_SECONDS"),
        ("PARTIAL_SECONDS", 24 * 3600, "E012", "VUEMANTICS_PARTIAL_SECONDS"),
        ("ANALYZER", "gpt", "E007", "VUEMANTICS_ANALYZER"),
        ("ANALYZER", "nowhere.module:Class", "E007", "VUEMANTICS_ANALYZER"),
        ("ANALYZER", "uploads.analysis.local:Nope", "E007", "VUEMANTICS_ANALYZER"),
        ("ANALYZER", "uploads.analysis:LocalAnalyzer", "E007", "VUEMANTICS_ANALYZER"),
        ("ANALYZER", "uploads.analysis.base:object", "E007", "VUEMANTICS_ANALYZER"),
        ("MEDIA_ACCEL", "/protected", "E009", "VUEMANTICS_MEDIA_ACCEL"),
        ("MEDIA_ACCEL", "/", "E009", "VUEMANTICS_MEDIA_ACCEL"),
    ],
)
def test_impossible_value_is_refused_with_the_mend(
    settings: Settings, name: str, value: object, code: str, variable: str
) -> None:
    setattr(settings, name, value)

    messages = found()

    assert list(messages) == [f"vuemantics.{code}"]
    message = messages[f"vuemantics.{code}"]
    assert message.is_serious()
    assert variable in f"{message.msg} {message.hint}"
    assert message.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_HOSTS", ["photos.local", ".example.org", "192.168.1.20", "[::1]", "*"]),
        ("LEASE_SECONDS", 600),
        ("ANALYZER", "uploads.analysis.local:LocalAnalyzer"),
        ("ANALYZER", "tests.support.analyzers:Chosen"),
        ("ANALYZER", "builtins:dict"),
        ("MEDIA_ACCEL", "/protected/"),
    ],
)
def test_value_at_the_edge_of_what_is_possible_passes(settings: Settings, name: str, value: object) -> None:
    setattr(settings, name, value)

    assert found() == {}


def test_debug_beside_https_is_refused(settings: Settings) -> None:
    settings.DEBUG = True
    assert found() == {}

    settings.HTTPS = True

    assert list(found()) == ["vuemantics.E002"]


def test_parts_on_another_disk_than_the_media_are_refused(settings: Settings) -> None:
    settings.PARTIAL_ROOT = Path("/proc/parts")

    assert list(found()) == ["vuemantics.E006"]


def test_remote_storage_needs_no_common_disk(settings: Settings) -> None:
    settings.PARTIAL_ROOT = Path("/proc/parts")
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}

    assert found() == {}


def test_database_of_others_without_a_key_of_ones_own_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY")

    message = found()["vuemantics.W001"]

    assert not message.is_serious()
    assert "SECRET_KEY" in str(message.hint)
