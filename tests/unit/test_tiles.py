"""A tile has an aspect ratio and a colour even before its preview has loaded."""

import pytest
from PIL import Image

from uploads.media.previews import average_colour
from uploads.models import Upload
from uploads.tiles import ratio_class


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


def test_average_colour_is_that_of_the_whole_picture() -> None:
    picture = Image.new("RGB", (400, 200), (200, 0, 0))
    picture.paste((0, 0, 100), (0, 0, 200, 200))

    assert average_colour(picture) == "#640032"
