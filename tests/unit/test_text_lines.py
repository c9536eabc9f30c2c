"""Lines of text are cropped from a picture, recognised, and sorted in reading order."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from uploads.analysis.ocr.text_boxes import TextBox
from uploads.analysis.ocr.text_lines import TextLine, cut_out, decode, in_order, split_line

CHARACTERS = ["", "a", "b", " "]


@pytest.mark.parametrize(
    ("steps", "text"),
    [([1, 1, 2], "ab"), ([1, 0, 1], "aa"), ([0, 1, 3, 3, 2, 0], "a b"), ([0, 0], ""), ([], "")],
)
def test_repeated_characters_count_once_unless_a_blank_separates_them(steps: list[int], text: str) -> None:
    probabilities = np.full((len(steps), 4), 0.1, np.float32)
    probabilities[range(len(steps)), steps] = 0.7

    found, score = decode(probabilities, CHARACTERS)

    assert found == text
    assert score == pytest.approx(0.7 if text else 0)


def line(text: str, x: float, y: float, angle: float = 0.0) -> TextLine:
    return TextLine(TextBox(x, y, 60, 20, angle), text, 1.0)


def test_rows_run_from_left_to_right_and_from_top_to_bottom() -> None:
    lines = [line("right", 200, 104), line("below", 50, 150), line("left", 50, 100)]

    assert in_order(lines) == ["left right", "below"]
    assert in_order([]) == []


def test_rows_of_a_picture_upside_down_run_from_below() -> None:
    lines = [line("second", 100, 50, 180), line("first", 100, 100, 180)]

    assert in_order(lines) == ["first", "second"]


@pytest.mark.parametrize("angle", [0, 90, 180, 270, 40])
def test_cut_out_line_runs_to_the_right(angle: float) -> None:
    image = Image.new("RGB", (200, 200))
    image.paste((255, 0, 0), (60, 90, 100, 110))
    image.paste((0, 255, 0), (100, 90, 140, 110))
    turned = image.rotate(-angle, Image.Resampling.BILINEAR)

    part = cut_out(turned, TextBox(100, 100, 80, 20, angle))

    assert part.size == (80, 20)
    assert (part.getpixel((10, 10)), part.getpixel((70, 10))) == ((255, 0, 0), (0, 255, 0))


def test_long_line_is_split_between_words() -> None:
    image = Image.new("RGB", (200, 48), "white")
    ImageDraw.Draw(image).rectangle((0, 10, 109, 40), fill="black", outline="white")
    for x in (*range(0, 110, 4), *range(130, 200, 4)):
        ImageDraw.Draw(image).line((x, 8, x, 40), fill="black", width=2)

    pieces = split_line(image, 150)

    assert [piece.height for piece in pieces] == [48, 48]
    assert 110 <= pieces[0].width <= 130
    assert sum(piece.width for piece in pieces) == 200
    assert split_line(image, 200) == [image]
