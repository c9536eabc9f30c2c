"""Small files modelled on public bug reports are read, or refused with the right message."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from uploads.errors import PermanentError
from uploads.media.image import Picture, read_picture

CASES = Path(__file__).parent / "cases"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CASES / "expected.json").read_text())
COLOURS = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255), "w": (255, 255, 255)}


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if EXPECTED[name]["state"] == "completed"))
def test_case_is_read(name: str) -> None:
    expected = EXPECTED[name]

    picture = read_picture(CASES / name)

    assert (picture.width, picture.height) == (expected["width"], expected["height"])
    if "corners" in expected:
        assert corners(picture) == expected["corners"]
    if "centre" in expected:
        centre = np.asarray(picture.image)[picture.height // 2, picture.width // 2].astype(int)
        assert np.abs(centre - expected["centre"]).max() <= expected["tolerance"]
    if "taken_at" in expected:
        assert picture.exif.time.taken_at == datetime.fromisoformat(expected["taken_at"])
    if "latitude" in expected:
        assert (picture.exif.latitude, picture.exif.longitude) == (expected["latitude"], expected["longitude"])


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if EXPECTED[name]["state"] == "failed"))
def test_case_is_refused_with_the_name_of_its_kind(name: str) -> None:
    with pytest.raises(PermanentError) as refused:
        read_picture(CASES / name)

    assert refused.value.code == EXPECTED[name]["error_code"]
    assert re.search(EXPECTED[name]["words"], refused.value.message)


def corners(picture: Picture) -> str:
    """Return the names (single letters) of the colours near the four corners, row by row."""
    pixels = np.asarray(picture.image).astype(int)
    spots = [pixels[y, x] for y in (9, -10) for x in (9, -10)]
    return "".join(min(COLOURS, key=lambda name: np.abs(spot - COLOURS[name]).sum()) for spot in spots)
