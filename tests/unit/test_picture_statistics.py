"""Statistics such as saturation and edges have the expected values for simple drawings."""

import math

import pytest
from PIL import Image, ImageDraw

from uploads.analysis import picture_statistics
from uploads.analysis.picture_statistics import Statistics


def measure(picture: Image.Image) -> Statistics:
    """Measure a picture, which also serves as its own reduced copy."""
    return picture_statistics.measure(picture, picture)


def test_plain_picture_is_flat() -> None:
    found = measure(Image.new("RGB", (800, 400), (51, 102, 204)))

    assert (found.flat, found.fine, found.edges, found.text_rows) == (1, 0, 0, 0)
    assert (found.cover, found.saturation_deviation, found.luminance_deviation) == (1, 0, 0)
    assert found.saturation == pytest.approx(0.75, abs=0.01)
    assert found.luminance == pytest.approx(119 / 255, abs=0.01)
    assert (found.blue_top, found.warm_top) == (1, 0)
    assert found.shape == pytest.approx(math.log(2))


def test_rows_of_text_alternate() -> None:
    page = Image.new("RGB", (600, 600), "white")
    draw = ImageDraw.Draw(page)
    for top in range(0, 600, 40):
        for left in range(0, 600, 10):
            draw.rectangle((left, top, left + 4, top + 19), fill="black")

    found = measure(page)

    assert found.text_rows == pytest.approx(29 / 299)
    assert found.edges == pytest.approx(0.1, abs=0.01)
    assert 1 <= found.colours < 2  # black, white and their mixtures


def test_lights_count_only_in_a_dark_picture() -> None:
    night, day = Image.new("RGB", (100, 100), "black"), Image.new("RGB", (100, 100), "gray")
    for picture in (night, day):
        picture.paste("white", (0, 0, 100, 10))

    assert measure(night).lights == pytest.approx(0.1, abs=0.01)
    assert measure(day).lights == 0


def test_sunset_colours_count_only_above_the_ground() -> None:
    picture = Image.new("RGB", (90, 90), (255, 120, 20))
    ground = picture.copy()
    picture.paste((20, 20, 20), (0, 60, 90, 90))
    ground.paste((20, 20, 20), (0, 0, 90, 60))

    assert measure(picture).warm_top == pytest.approx(1, abs=0.03)
    assert measure(ground).warm_top == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("size", [(1, 1), (1024, 1), (1, 700)])
def test_extreme_shapes_are_measured(size: tuple[int, int]) -> None:
    assert all(math.isfinite(number) for number in measure(Image.new("RGB", size)))
