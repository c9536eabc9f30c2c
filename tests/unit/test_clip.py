"""The provider `clip` loads a tiny model, preprocesses pictures and tokenizes queries."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image
from pytest_django import Settings

from tests.support.clip_model import MEAN, STD, add_input, build_model
from uploads.analysis.base import ImageEmbedder
from uploads.analysis.clip.folder import read_folder
from uploads.analysis.clip.textual import ClipQueries, clean, load_tokenizer
from uploads.analysis.clip.visual import ClipEmbedder, Preprocessing
from uploads.errors import EnvironmentalError

# The left half is red, the right half blue.
HALVES = Image.new("RGB", (200, 100), "red")
HALVES.paste("blue", (100, 0, 200, 100))


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.CLIP_MODEL = build_model(tmp_path / "tiny")
    return Path(settings.CLIP_MODEL)


def test_pictures_and_queries_are_in_one_space(folder: Path) -> None:
    embedder, queries = ClipEmbedder(), ClipQueries()

    red = embedder.embed_images([Image.new("RGB", (300, 200), "red")])

    assert isinstance(embedder, ImageEmbedder)
    assert red.model == queries.model
    assert red.model.startswith("clip:tiny@")
    assert red.dimensions == 3
    assert red.vector == pytest.approx((1, 0, 0), abs=1e-6)
    assert queries.embed_query("  Red!\n").numbers == pytest.approx(red.vector, abs=1e-6)
    assert np.dot(queries.embed_query("blue").numbers, red.vector or ()) == pytest.approx(0, abs=1e-6)


def test_video_has_the_mean_vector_of_its_frames(folder: Path) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]

    assert ClipEmbedder().embed_images(frames).vector == pytest.approx((0.5**0.5, 0, 0.5**0.5))


def test_query_is_padded_and_truncated_to_the_context(folder: Path) -> None:
    tokenizer = load_tokenizer(read_folder(folder))

    assert tokenizer.encode("red blue").ids == [2, 4, 0, 0, 0, 0, 0, 0]
    assert tokenizer.encode("red " * 20).ids == [2] * 8


@pytest.mark.parametrize(("canonicalize", "expected"), [(True, "a cats tail"), (False, "A cat's tail.")])
def test_query_is_cleaned_as_the_model_expects(canonicalize: bool, expected: str) -> None:
    assert clean(" A  cat's\ttail. ", canonicalize=canonicalize) == expected


def test_squashed_picture_keeps_its_edges_and_cropped_picture_its_shape() -> None:
    common = {"size": 4, "mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "nearest"}
    wide = Image.new("RGB", (400, 100), "black")
    wide.paste("white", (0, 0, 100, 100))

    squashed = Preprocessing({**common, "resize_mode": "squash"})(wide)
    cropped = Preprocessing({**common, "resize_mode": "shortest"})(wide)

    assert squashed.shape == cropped.shape == (1, 3, 4, 4)
    assert squashed[0, 0, 0].tolist() == [1, 0, 0, 0]
    assert cropped.max() == 0


def test_pixels_are_normalized_and_size_is_height_by_width() -> None:
    pixels = Preprocessing({"size": [2, 6], "mean": MEAN, "std": STD, "resize_mode": "squash"})(HALVES)

    assert pixels.shape == (1, 3, 2, 6)
    assert pixels[0, :, 0, 0] == pytest.approx([1, -1, -1])
    assert pixels[0, :, 0, -1] == pytest.approx([-1, -1, 1])


def test_interpolation_is_the_configured_one() -> None:
    common = {"size": 5, "mean": [0, 0, 0], "std": [1, 1, 1], "resize_mode": "squash"}

    nearest, bicubic = (Preprocessing({**common, "interpolation": name})(HALVES) for name in ("nearest", "bicubic"))

    assert set(np.unique(nearest)) == {0.0, 1.0}
    assert len(np.unique(bicubic)) > 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", "{}"),
        ("visual/preprocess_cfg.json", '{"size": 4}'),
        ("visual/preprocess_cfg.json", '{"size": 4, "mean": [0,0,0], "std": [1,1,1], "resize_mode": "longest"}'),
        ("visual/model.onnx", "not a model"),
    ],
)
def test_damaged_model_is_environmental(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)

    with pytest.raises(EnvironmentalError, match=r"clip\.folder.*tiny/"):
        ClipEmbedder()


NO_PADDING = {"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}


@pytest.mark.parametrize("content", ["{", json.dumps(NO_PADDING)])
def test_unusable_tokenizer_is_environmental(folder: Path, content: str) -> None:
    (folder / "textual/tokenizer.json").write_text(content)

    with pytest.raises(EnvironmentalError, match=r"clip\.folder"):
        ClipQueries().embed_query("red")


@pytest.mark.parametrize(
    ("name", "kind"), [("position_ids", TensorProto.INT64), ("attention_mask", TensorProto.STRING)]
)
def test_network_with_unknown_inputs_is_environmental(folder: Path, name: str, kind: int) -> None:
    add_input(folder / "textual/model.onnx", name, kind)

    with pytest.raises(EnvironmentalError, match=r"clip\.folder.*textual/model\.onnx has"):
        ClipQueries().embed_query("red")


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [("visual/preprocess_cfg.json", "size", 8), ("config.json", "embed_dim", 4)],
)
def test_configuration_that_does_not_fit_the_network_is_environmental(
    folder: Path, name: str, key: str, value: int
) -> None:
    config = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps({**config, key: value}))

    with pytest.raises(EnvironmentalError, match=r"clip\.folder.*tiny/visual/model\.onnx"):
        ClipEmbedder()


def test_missing_file_is_named(folder: Path) -> None:
    (folder / "textual/model.onnx").unlink()

    with pytest.raises(EnvironmentalError, match=r"textual/model\.onnx"):
        ClipEmbedder()


def test_another_model_in_the_folder_has_another_name(folder: Path) -> None:
    before = read_folder(folder).model
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "embed_dim": 4}))

    assert read_folder(folder).model != before
