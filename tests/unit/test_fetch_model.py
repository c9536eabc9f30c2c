"""`manage.py fetch_model` downloads and verifies models. The tests run a model hub in this process."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from huggingface_hub import close_session

from tests.support.clip_model import build_model
from tests.support.model_hub import REVISIONS, ModelHub, model_hub
from uploads.analysis.clip.folder import missing_files
from uploads.analysis.clip.visual import ClipEmbedder

pytestmark = pytest.mark.slow

NAME = "immich-app/tiny"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    close_session()  # an existing session would keep its proxies
    with model_hub(build_model(tmp_path / "hub"), NAME) as hub:
        yield hub
    close_session()


def fetch(hub: ModelHub, folder: Path, **options: Any) -> str:
    output = io.StringIO()
    call_command("fetch_model", "tiny", to=folder, hub=hub.url, stdout=output, **options)
    return output.getvalue()


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "vuemantics.json").read_text())
    return found


def test_model_is_downloaded_and_recorded(hub: ModelHub, tmp_path: Path) -> None:
    output = fetch(hub, tmp_path / "tiny")

    assert missing_files(tmp_path / "tiny") == []
    assert f"VUEMANTICS_CLIP_MODEL={tmp_path / 'tiny'}" in output
    recorded = record(tmp_path / "tiny")
    assert (recorded["repository"], recorded["revision"]) == (NAME, REVISIONS[-1])
    assert recorded["sha256"]["visual/model.onnx"] in output
    assert -1 <= recorded["hit_fit"] <= 1
    assert ClipEmbedder(tmp_path / "tiny")


def test_repeated_call_keeps_the_revision_and_downloads_nothing(hub: ModelHub, tmp_path: Path) -> None:
    fetch(hub, tmp_path / "tiny", revision=REVISIONS[0])
    hub.sent.clear()

    fetch(hub, tmp_path / "tiny")

    assert record(tmp_path / "tiny")["revision"] == REVISIONS[0]
    assert hub.sent == []


def test_interrupted_download_continues_where_it_stopped(
    hub: ModelHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 64)
    hub.cut = 100

    fetch(hub, tmp_path / "tiny")

    assert ("visual/model.onnx", 64) in hub.sent
    assert (tmp_path / "tiny/visual/model.onnx").read_bytes() == (hub.folder / "visual/model.onnx").read_bytes()


def test_damaged_download_is_removed(hub: ModelHub, tmp_path: Path) -> None:
    hub.damaged = "visual/model.onnx"

    with pytest.raises(CommandError, match="damaged and was removed"):
        fetch(hub, tmp_path / "tiny")

    assert missing_files(tmp_path / "tiny") == ["visual/model.onnx"]


def test_unreachable_hub_says_how_to_copy_by_hand(hub: ModelHub, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"git clone https://huggingface\.co/other/model"):
        call_command("fetch_model", "other/model", to=tmp_path / "tiny", hub=hub.url)


def test_incomplete_repository_is_refused(hub: ModelHub, tmp_path: Path) -> None:
    (hub.folder / "textual/model.onnx").unlink()

    with pytest.raises(CommandError, match=r"immich-app/tiny has no textual/model\.onnx"):
        fetch(hub, tmp_path / "tiny")


def test_copied_model_is_checked(tmp_path: Path) -> None:
    folder = build_model(tmp_path / "tiny")
    call_command("fetch_model", check=folder, stdout=io.StringIO())

    (folder / "textual/tokenizer.json").write_text("{}")

    with pytest.raises(CommandError, match=r"textual/tokenizer\.json changed since"):
        call_command("fetch_model", check=folder)


def test_recommended_models_are_listed() -> None:
    output = io.StringIO()

    call_command("fetch_model", list=True, stdout=output)

    assert output.getvalue().count("download ") == 3
    assert "languages" in output.getvalue()
