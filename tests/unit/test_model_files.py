import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from uploads.analysis.colours import read_colours
from uploads.analysis.model_files import FOLDER, SHA256, read_weights
from uploads.analysis.vocabulary import load_vocabulary
from uploads.errors import EnvironmentalError


def test_shipped_files_match_their_checksums() -> None:
    shipped = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.iterdir()}

    assert shipped == SHA256


def test_damaged_file_is_an_environmental_error(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "phrases.json", tmp_path)
    with (tmp_path / "phrases.json").open("r+b") as file:
        file.write(b" ")

    with pytest.raises(EnvironmentalError, match=r"phrases\.json is damaged"):
        read_weights("phrases.json", tmp_path)


def test_missing_file_is_an_environmental_error(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentalError, match=r"phrases\.json is missing"):
        read_weights("phrases.json", tmp_path)


def test_vocabulary_is_consistent() -> None:
    vocabulary = load_vocabulary()

    names = (*vocabulary.labels, *vocabulary.kinds, *vocabulary.objects, *vocabulary.scenes)
    assert vocabulary.vectors.shape == (len(names), 384)
    assert np.allclose(np.linalg.norm(vocabulary.vectors, axis=1), 1, atol=2e-3)
    assert vocabulary.membership.shape == (len(vocabulary.kinds), len(vocabulary.labels))
    cat = vocabulary.membership[vocabulary.kinds.index("cat")]
    assert cat[vocabulary.labels.index("tabby cat")] == 1
    assert cat[vocabulary.labels.index("Beagle")] == 0


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "gray"),
        ((200, 0, 0), "red"),
        ((255, 140, 0), "orange"),
        ((240, 230, 20), "yellow"),
        ((20, 160, 40), "green"),
        ((0, 200, 220), "cyan"),
        ((30, 60, 220), "blue"),
        ((130, 30, 200), "purple"),
        ((255, 150, 170), "pink"),
        ((110, 60, 20), "brown"),
    ],
)
def test_single_colour_is_named(colour: tuple[int, int, int], name: str) -> None:
    colours = read_colours(Image.new("RGB", (90, 60), colour))

    assert colours.shares == ((name, 1.0),)
    assert colours.plain


@pytest.mark.parametrize(("right_half", "uniform"), [(1.0, True), (0.5, False), (0.0, False)])
def test_texture_looks_alike_in_all_parts(right_half: float, uniform: bool) -> None:
    grains = np.random.default_rng(0).integers(64, 192, (96, 96, 3))
    grains[:, 48:] = 128 + (grains[:, 48:] - 128) * right_half

    assert read_colours(Image.fromarray(grains.astype(np.uint8))).uniform is uniform


def test_small_thing_makes_a_plain_picture_not_plain() -> None:
    image = Image.new("RGB", (900, 600), "navy")
    image.paste("white", (440, 290, 460, 310))

    assert not read_colours(image).plain


def test_plain_colour_and_gradient_are_no_textures() -> None:
    assert not read_colours(Image.new("RGB", (90, 60), "red")).uniform
    assert not read_colours(Image.linear_gradient("L").convert("RGB")).uniform


def test_notice_lists_every_model_file() -> None:
    notice = (Path(__file__).parents[2] / "NOTICE").read_text()

    assert [name for name, digest in SHA256.items() if name not in notice or digest not in notice] == []
