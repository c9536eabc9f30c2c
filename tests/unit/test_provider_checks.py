"""System checks refuse impossible settings of the AI models and model servers, and name the fix."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from pytest_django import Settings

from tests.support.clip_model import build_model
from uploads.analysis.ocr import installed_models
from vuemantics.checks import providers
from vuemantics.checks.analyzer import check_analyzer

CHECKS = (
    check_analyzer,
    providers.check_clip_model,
    providers.check_description_language,
    providers.check_model_servers,
    providers.check_model_time_limits,
    providers.check_prompt,
)


def findings() -> list[CheckMessage]:
    return [message for check in CHECKS for message in check()]


@pytest.mark.parametrize("provider", ["local", "ollama", "openai"])
def test_every_provider_passes_with_its_settings(settings: Settings, provider: str) -> None:
    settings.DESCRIBER = settings.EMBEDDER = provider
    settings.OPENAI = replace(settings.OPENAI, model="llava", embedding_model="bge-m3")

    assert findings() == []


def test_complete_model_folder_passes(settings: Settings, tmp_path: Path) -> None:
    settings.EMBEDDER, settings.CLIP_MODEL = "clip", build_model(tmp_path / "tiny")

    assert findings() == []


@pytest.mark.parametrize(
    ("changes", "code", "hint"),
    [
        ({"DESCRIBER": "clip"}, "E008", "VUEMANTICS_DESCRIBER to one of: local, ollama, openai"),
        ({"EMBEDDER": "clip"}, "E060", "fetch_model"),
        ({"EMBEDDER": "clip", "CLIP_MODEL": Path("/nowhere")}, "E060", "fetch_model"),
        ({"DESCRIBER": "openai"}, "E062", "name of a model"),
        ({"EMBEDDER": "openai"}, "E062", "name of a model"),
        ({"PROMPT_FILE": Path("/nowhere")}, "E063", "unset it"),
        ({"DESCRIPTION_LANGUAGE": "Klingon"}, "E065", "language code"),
        ({"DESCRIBER": "ollama", "STAGE_SECONDS": 100}, "E064", "VUEMANTICS_MODEL_READ_SECONDS"),
        ({"DESCRIBER": "ollama", "WORKER_THREADS": 8}, "E064", "VUEMANTICS_MODEL_CONCURRENCY"),
    ],
)
def test_impossible_settings_are_refused_with_the_fix(
    settings: Settings, changes: dict[str, Any], code: str, hint: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)

    [message] = findings()

    assert message.id == f"vuemantics.{code}"
    assert hint in (message.hint or "")


def test_password_in_the_address_is_refused_without_showing_it(settings: Settings) -> None:
    settings.DESCRIBER = "ollama"
    settings.OLLAMA = replace(settings.OLLAMA, url="http://me:secret@gpu.local:11434")

    [message] = findings()

    assert message.id == "vuemantics.E062"
    assert "OLLAMA_API_KEY" in (message.hint or "")
    assert "secret" not in f"{message.msg} {message.hint}"


def test_key_with_a_line_break_is_refused_without_showing_it(settings: Settings) -> None:
    settings.DESCRIBER = "openai"
    settings.OPENAI = replace(settings.OPENAI, model="llava", key="sk-secret\nsk-other")

    [message] = findings()

    assert (message.id, "OPENAI_API_KEY" in message.msg) == ("vuemantics.E062", True)
    assert "secret" not in f"{message.msg} {message.hint}"


@pytest.mark.parametrize(("setting", "codes"), [("on", ["vuemantics.E067"]), ("auto", []), ("off", [])])
def test_text_can_be_required_only_if_the_networks_are_installed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, setting: str, codes: list[str]
) -> None:
    settings.OCR = setting
    assert providers.check_ocr() == []

    monkeypatch.setattr("uploads.analysis.ocr.installed_models.PACKAGE", "vuemantics_without_networks")

    found = providers.check_ocr()
    assert [message.id for message in found] == codes
    assert not installed_models.reads_text()
    assert all("requirements-ocr.txt" in str(message.hint) for message in found)
