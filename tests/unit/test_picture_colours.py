"""A plain background is recognised from the border of a picture."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from uploads.analysis.colours import mean_colours, read_colours


def _thing_on(background: str, radius: int = 100) -> Image.Image:
    image = Image.new("RGB", (400, 300), background)
    ImageDraw.Draw(image).circle((200, 150), radius, "red")
    return image


@pytest.mark.parametrize("background", ["white", "black", "gray"])
def test_background_of_a_single_thing_is_plain(background: str) -> None:
    assert read_colours(_thing_on(background)).background == background


def test_plain_surface_has_no_background() -> None:
    assert read_colours(_thing_on("white", radius=20)).background == ""


def test_uneven_border_is_no_background() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (48, 48, 3)).astype(np.uint8) * 255

    assert read_colours(Image.fromarray(noise)).background == ""


def test_frames_have_a_background_only_if_it_is_the_same() -> None:
    white, black = (read_colours(_thing_on(background)) for background in ("white", "black"))

    assert mean_colours([white, white]).background == "white"
    assert mean_colours([white, black]).background == ""
