"""A picture's details, such as the exposure, are formatted as text."""

from typing import Any

import pytest

from uploads.models import Upload
from uploads.templatetags.picture_tags import exposure, megapixels


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        (
            {"focal_length": 35.0, "f_number": 5.6, "exposure_time": 0.004, "iso": 400.0},
            "35 mm · f/5.6 · 1/250 s · ISO 400",
        ),
        ({"exposure_time": 2.5, "f_number": 8.0}, "f/8 · 2.5 s"),
        ({"exposure_time": 0, "iso": None, "focal_length": "35"}, ""),
        ({}, ""),
    ],
)
def test_exposure_is_what_the_camera_recorded(metadata: dict[str, Any], text: str) -> None:
    assert exposure(Upload(metadata=metadata)) == text


@pytest.mark.parametrize(
    ("size", "text"), [((6000, 4000), "24"), ((1500, 1000), "1.5"), ((4, 3), ""), ((None, None), "")]
)
def test_megapixels_are_rounded_and_small_pictures_have_none(size: tuple[int | None, int | None], text: str) -> None:
    assert megapixels(Upload(width=size[0], height=size[1])) == text
