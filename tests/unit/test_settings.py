"""Settings are computed from environment variables."""

import runpy
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tests.support.worker_processes import ROOT

BUCKET = {
    "VUEMANTICS_S3_BUCKET": "photos",
    "VUEMANTICS_S3_ENDPOINT": "https://files.local:9000",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


def load_settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, Any]:
    """Execute settings.py with `variables` in the environment and return the settings."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "vuemantics" / "settings.py"))


def allowed_sources(loaded: dict[str, Any], source: str) -> set[str]:
    """Return the names of those directives of the content security policy that allow `source`."""
    directives = loaded["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    return {name for name, sources in directives.items() if source in sources}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VUEMANTICS_WORKER_THREADS", "abc"),
        ("VUEMANTICS_WORKER_THREADS", "inf"),
        ("VUEMANTICS_LOG_LEVEL", "loud"),
        ("VUEMANTICS_LANGUAGE", "tlh"),
        ("VUEMANTICS_TIME_ZONE", "Mars/Olympus"),
        ("VUEMANTICS_MAX_BODY_MIB", "1e9"),
        ("VUEMANTICS_EMAIL_URL", "http://mail.local"),
        ("DATABASE_URL", "mysql://host/name"),
        ("REDIS_URL", "nonsense"),
    ],
)
def test_invalid_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        load_settings(monkeypatch, **{variable: value})

    assert str(error.value).startswith(f"{variable} must be ")
    assert value in str(error.value)
    assert "\n" not in str(error.value)


def test_directory_that_cannot_be_created_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"/proc/x.* Set VUEMANTICS_VAR to a directory"):
        load_settings(monkeypatch, VUEMANTICS_VAR="/proc/x", SECRET_KEY="")


def test_https_applies_to_this_host_only(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_settings(monkeypatch, VUEMANTICS_HTTPS="1", VUEMANTICS_HOSTS="photos.local, .example.org")

    assert loaded["SECURE_SSL_REDIRECT"]
    assert loaded["SECURE_HSTS_SECONDS"] == 31_536_000
    assert not loaded["SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    assert loaded["CSRF_TRUSTED_ORIGINS"] == ["https://photos.local"]


def test_without_https_browsers_are_not_redirected(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_settings(monkeypatch, VUEMANTICS_HTTPS="0")

    assert (loaded["SECURE_SSL_REDIRECT"], loaded["SECURE_HSTS_SECONDS"]) == (False, 0)


def test_pages_load_media_from_the_bucket_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_settings(monkeypatch, **BUCKET)

    assert allowed_sources(loaded, "https://files.local:9000") == {"img-src", "media-src", "connect-src"}


def test_pages_load_nothing_from_other_hosts_without_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    directives = load_settings(monkeypatch)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]

    assert {source for sources in directives.values() for source in sources} == {"'self'", "'none'", "blob:"}
    assert {"default-src", "base-uri", "frame-ancestors"} == {
        name for name, sources in directives.items() if sources == ["'none'"]
    }


def test_worker_pool_has_room_for_threads_and_background_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_settings(monkeypatch, VUEMANTICS_WORKER_THREADS="3")

    assert loaded["DATABASES"]["default"]["OPTIONS"]["pool"]["max_size"] == 3 + 9


def test_web_pool_has_a_connection_for_each_of_its_threads() -> None:
    from vuemantics.asgi import WEB_CONNECTIONS  # noqa: PLC0415  # importing this module resizes the pool

    assert settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] == WEB_CONNECTIONS
    assert f"The web server's pool has {WEB_CONNECTIONS} connections" in (ROOT / "docs/operating.md").read_text()


def test_emails_are_off_by_default() -> None:
    assert settings.EMAIL_URL == ""
