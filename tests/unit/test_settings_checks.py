"""System checks refuse impossible settings with a hint."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

from vuemantics.checks import CHECKS


def findings() -> dict[str, CheckMessage]:
    """Run the checks and return their messages, keyed by id."""
    return {message.id: message for check in CHECKS for message in check()}  # type: ignore[misc]


def test_settings_of_the_tests_pass() -> None:
    assert findings() == {}


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
        ("STAGE_DEADLINES", {"dreaming": 1.0}, "E004", "VUEMANTICS_STAGE_DEADLINES"),
        ("PARTIAL_SECONDS", 24 * 3600, "E012", "VUEMANTICS_PARTIAL_SECONDS"),
        ("BEHIND_PROXY", True, "E040", "VUEMANTICS_CONNECTIONS_PER_ADDRESS"),
        ("OWNER_OPEN_FILES", 499_999, "E041", "VUEMANTICS_OWNER_OPEN_FILES"),
        ("DESCRIBER", "gpt", "E007", "VUEMANTICS_DESCRIBER"),
        ("EMBEDDER", "nowhere.module:Class", "E007", "VUEMANTICS_EMBEDDER"),
        ("EMBEDDER", "uploads.analysis.local:Nope", "E007", "VUEMANTICS_EMBEDDER"),
        ("EMBEDDER", "uploads.analysis:LocalAnalyzer", "E007", "VUEMANTICS_EMBEDDER"),
        ("EMBEDDER", "uploads.analysis.base:object", "E007", "VUEMANTICS_EMBEDDER"),
        ("MEDIA_ACCEL", "/protected", "E009", "VUEMANTICS_MEDIA_ACCEL"),
        ("MEDIA_ACCEL", "/", "E009", "VUEMANTICS_MEDIA_ACCEL"),
    ],
)
def test_impossible_value_is_refused_with_a_hint(
    settings: Settings, name: str, value: object, code: str, variable: str
) -> None:
    setattr(settings, name, value)

    [message] = findings().values()

    assert message.id == f"vuemantics.{code}"
    assert message.is_serious()
    assert variable in f"{message.msg} {message.hint}"
    assert message.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_HOSTS", ["photos.local", ".example.org", "192.168.1.20", "[::1]", "*"]),
        ("LEASE_SECONDS", 600),
        ("DESCRIBER", "uploads.analysis.local:LocalAnalyzer"),
        ("DESCRIBER", "tests.support.analyzers:Chosen"),
        ("DESCRIBER", "builtins:dict"),
        ("MEDIA_ACCEL", "/protected/"),
    ],
)
def test_possible_value_passes(settings: Settings, name: str, value: object) -> None:
    setattr(settings, name, value)

    assert findings() == {}


def test_debug_with_https_is_refused(settings: Settings) -> None:
    settings.DEBUG = True
    assert findings() == {}

    settings.HTTPS = True

    assert list(findings()) == ["vuemantics.E002"]


def test_partial_files_on_another_disk_are_refused(settings: Settings) -> None:
    settings.PARTIAL_ROOT = Path("/proc/parts")

    assert list(findings()) == ["vuemantics.E006"]


def test_remote_storage_may_be_on_another_disk(settings: Settings) -> None:
    settings.PARTIAL_ROOT = Path("/proc/parts")
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}

    assert findings() == {}


def test_external_database_without_a_secret_key_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://host/name")
    monkeypatch.delenv("SECRET_KEY")

    message = findings()["vuemantics.W001"]

    assert not message.is_serious()
    assert "SECRET_KEY" in str(message.hint)


@pytest.mark.parametrize(
    ("public_url", "sender", "codes"),
    [
        ("https://photos.example.org", "Photos <photos@example.org>", []),
        ("", "photos@example.org", ["vuemantics.E020"]),
        ("https://photos.example.org", "", ["vuemantics.E021"]),
        ("https://photos.example.org", "Photos", ["vuemantics.E021"]),
    ],
)
def test_mail_server_requires_public_url_and_sender(
    settings: Settings, public_url: str, sender: str, codes: list[str]
) -> None:
    settings.EMAIL_URL = "smtp://mail.local"
    settings.PUBLIC_URL = public_url
    settings.DEFAULT_FROM_EMAIL = sender

    assert list(findings()) == codes


@pytest.mark.parametrize(
    ("libheif", "decoder", "named"),
    [
        ("1.23.0", "libde265 HEVC decoder, version 1.1.3", "libheif 1.23.0."),
        ("1.23.6", "libde265 HEVC decoder, version 1.0.15", "libde265 1.0.15."),
    ],
)
def test_decoder_with_known_holes_is_refused(
    monkeypatch: pytest.MonkeyPatch, libheif: str, decoder: str, named: str
) -> None:
    info = {"libheif": libheif, "decoders": {"libde265": decoder}}
    monkeypatch.setitem(sys.modules, "_pillow_heif", SimpleNamespace(get_lib_info=lambda: info))

    found = findings()["vuemantics.E050"]

    assert found.msg.endswith(named)
    assert "pillow-heif>=1.8.1" in (found.hint or "")
