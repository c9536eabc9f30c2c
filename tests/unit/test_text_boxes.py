"""Lines of text are found in the probability map that a text detector computes."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from uploads.analysis.model_files import Floats
from uploads.analysis.ocr.text_boxes import find_boxes


def draw(*cores: tuple[float, float, float, float], angle: float = 0.0, value: float = 1.0) -> Floats:
    """Return a map of 200 by 200 pixels with the rectangles `cores`, turned by `angle` degrees around the centre."""
    image = Image.new("F", (200, 200))
    for core in cores:
        ImageDraw.Draw(image).rectangle(core, fill=value)
    return np.array(image.rotate(-angle))


@pytest.mark.parametrize("angle", [0, 12, -30, 60, 90])
def test_box_surrounds_the_whole_line_in_its_direction(angle: float) -> None:
    [box] = find_boxes(draw((40, 95, 159, 104), angle=angle), 10)

    # The box is 1.6 * 120 * 10 / 130 pixels wider and higher than the core, which is 120 by 10 pixels.
    assert (box.x, box.y) == pytest.approx((100, 100), abs=1.5)
    assert (box.width, box.height) == pytest.approx((134.8, 24.8), abs=4)
    assert box.angle == pytest.approx(angle, abs=1)


def test_lines_are_separate_and_the_largest_comes_first() -> None:
    boxes = find_boxes(draw((20, 20, 79, 29), (20, 40, 179, 51), (20, 60, 99, 69)), 10)

    assert [round(box.y) for box in boxes] == [46, 65, 25]
    assert find_boxes(draw((20, 20, 79, 29), (20, 40, 179, 51)), 1) == boxes[:1]


def test_branches_that_meet_below_are_one_core() -> None:
    [box] = find_boxes(draw((20, 20, 39, 59), (100, 20, 119, 59), (20, 60, 119, 69)), 10)

    assert box.x == pytest.approx(70, abs=1)


@pytest.mark.parametrize("probabilities", [draw(), draw((10, 10, 11, 60)), draw((10, 10, 90, 30), value=0.4)])
def test_specks_and_uncertain_areas_are_no_lines(probabilities: Floats) -> None:
    assert find_boxes(probabilities, 10) == []


def test_box_turned_and_scaled() -> None:
    [box] = find_boxes(draw((40, 95, 159, 104)), 10)

    assert box.turned().direction == pytest.approx((-1, 0), abs=0.01)
    assert (box.scaled(2, 2).x, box.scaled(2, 2).width) == pytest.approx((2 * box.x, 2 * box.width))
