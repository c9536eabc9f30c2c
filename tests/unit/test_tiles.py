"""A tile has an aspect ratio and a colour even before its preview has loaded."""

import re

import pytest
from django.conf import settings
from PIL import Image

from uploads.media.previews import average_colour
from uploads.models import Upload
from uploads.tiles import hit_sizes, ratio_class, tile_sizes


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (4032, 3024, "r13"),
        (3024, 4032, "r8"),
        (4000, 2667, "r15"),
        (1170, 2532, "r4"),
        (12000, 1000, "r40"),
        (1, 12000, "r4"),
        (None, None, "r10"),
    ],
)
def test_tile_has_the_class_of_the_nearest_ratio(width: int | None, height: int | None, expected: str) -> None:
    assert ratio_class(Upload(width=width, height=height)) == expected


def test_sizes_are_the_row_heights_of_the_style_sheets() -> None:
    css = settings.BASE_DIR / "static/css"
    wide, phone = re.findall(r"--row: ([^;]+);", (css / "tiles.css").read_text())
    (hit,) = re.findall(r"--row: ([^;]+);", (css / "search.css").read_text())

    assert tile_sizes("r10") == f"(width < 40rem) {phone}, {wide}"
    assert tile_sizes("r18") == "(width < 40rem) 12.89rem, clamp(16rem, 19.56vw, 24.89rem)"
    assert hit_sizes("r10") == f"(width < 40rem) 50vw, {hit}"


def test_average_colour_is_that_of_the_whole_picture() -> None:
    picture = Image.new("RGB", (400, 200), (200, 0, 0))
    picture.paste((0, 0, 100), (0, 0, 200, 200))

    assert average_colour(picture) == "#640032"
