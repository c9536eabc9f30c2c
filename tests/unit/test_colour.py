"""Colours are converted to sRGB from colour spaces that a file specifies by code numbers (CICP) or by gamma."""

import numpy as np
import pytest
from PIL import Image

from tests.support.images import pixel
from uploads.media.colour import HLG, PQ, ColourSpace, coded_space, convert_to_srgb, gamma_space

BT2020 = 9


def converted(colour: tuple[int, int, int], space: ColourSpace | None) -> tuple[int, int, int]:
    assert space is not None
    return pixel(convert_to_srgb(Image.new("RGB", (4, 4), colour), space), 1, 1)


@pytest.mark.parametrize("codes", [(1, 13), (2, 13), (2, 2), (0, 0), (1, 2), (99, 13)])
def test_usual_and_unknown_codes_change_nothing(codes: tuple[int, int]) -> None:
    assert coded_space(*codes) is None


@pytest.mark.parametrize("primaries", [1, 4, 5, 6, 7, 8, 9, 11, 12, 22])
@pytest.mark.parametrize("transfer", [4, 5, 8, PQ, HLG])
def test_white_black_and_grey_stay_neutral(primaries: int, transfer: int) -> None:
    space = coded_space(primaries, transfer)

    for level in (0, 100, 255):
        red, green, blue = converted((level, level, level), space)
        assert max(red, green, blue) - min(red, green, blue) <= 2


def test_linear_light_is_encoded() -> None:
    assert converted((55, 30, 30), gamma_space(1.0, None)) == (128, 96, 96)


def test_wide_gamut_becomes_more_saturated() -> None:
    red, green, blue = converted((200, 100, 100), coded_space(12, 13))

    assert red > 205
    assert max(green, blue) < 100


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_high_dynamic_range_keeps_its_order(transfer: int) -> None:
    levels = [converted((level, level, level), coded_space(BT2020, transfer))[0] for level in range(0, 256, 15)]

    assert levels == sorted(levels)
    assert levels[0] == 0
    assert levels[-1] >= 250


def test_white_of_plain_pictures_is_bright_in_pq() -> None:
    assert 170 < converted((148, 148, 148), coded_space(BT2020, PQ))[0] < 200


@pytest.mark.parametrize(
    ("gamma", "primaries"),
    [
        (0.0, None),
        (1e9, None),
        (1.0, (0.0,) * 8),
        (1.0, (0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3)),
        (1.0, (9.0, 0.3, 0.3, 0.6, 0.1, 0.1, 0.3, 0.3)),
    ],
)
def test_unusable_parameters_are_ignored(gamma: float, primaries: tuple[float, ...] | None) -> None:
    assert gamma_space(gamma, primaries) is None  # type: ignore[arg-type]


def test_large_picture_is_converted_in_strips_without_seams() -> None:
    ramp = np.linspace(0, 255, 700).astype(np.uint8)
    picture = Image.fromarray(np.repeat(np.repeat(ramp[:, np.newaxis, np.newaxis], 3, axis=2), 4, axis=1))

    rows = np.asarray(convert_to_srgb(picture, ColourSpace((0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329), 0, 1.8)))

    assert np.abs(np.diff(rows[:, 0, 0].astype(int))).max() < 12
