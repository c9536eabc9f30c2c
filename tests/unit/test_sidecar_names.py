"""A sidecar is matched to its picture by name. Most of Google's names come from public bug reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.takeout_names import LONG, TAKEOUT
from uploads.sidecars.name_match import aae_rank, exact_rank, sidecar_target, takeout_rank, xmp_rank
from uploads.sidecars.names import JSON_UNITS, KEY_UNITS, name_key, utf16_units

OTHERS = [
    ("IMG_1.jpg.json", "IMG_2.jpg"),
    ("IMG_1.jpg.json", "IMG_1(1).jpg"),
    ("IMG_1.jpg(1).json", "IMG_1.jpg"),
    ("IMG_1.jpg(1).json", "IMG_1(2).jpg"),
    ("IMG_1.jpg(1).json", "IMG_1-edited.jpg"),
    ("image.jpg.json", "image(1)-edited.jpg"),
    ("image(1).jpg.json", "image(2)-edited.jpg"),
    ("image(1).jpg.json", "image(1)-edited(2).jpg"),
    ("IMG_1-edited.jpg.json", "IMG_1.jpg"),
    ("IMG_1.jpg.json", "IMG_1-anna.jpg"),
    ("IMG_1.jpg.json", "IMG_10.jpg"),
    (f"{LONG[:-1]}.json", f"{LONG}P.jpg"),
]


@pytest.mark.parametrize(("sidecar", "picture"), TAKEOUT)
def test_takeout_name_matches_its_picture(sidecar: str, picture: str) -> None:
    target = sidecar_target(sidecar)

    assert takeout_rank(target, picture) is not None
    assert name_key(target) == name_key(picture)


@pytest.mark.parametrize(("sidecar", "picture"), OTHERS)
def test_takeout_name_does_not_match_other_pictures(sidecar: str, picture: str) -> None:
    assert takeout_rank(sidecar_target(sidecar), picture) is None


@pytest.mark.parametrize(
    ("better", "worse", "picture"),
    [
        ("IMG_1.MP4.json", "IMG_1.HEIC.json", "IMG_1.MP4"),
        ("IMG_1(1).jpg.json", "IMG_1.jpg(1).json", "IMG_1(1).jpg"),
        ("IMG_1-edited.jpg.json", "IMG_1.jpg.json", "IMG_1-edited.jpg"),
        ("IMG_1.jpg.json", "IMG_1.json", "IMG_1.jpg"),
        (f"{LONG}(1).json", f"{LONG}.json", f"{LONG}P(1).jpg"),
    ],
)
def test_own_takeout_file_is_better_than_a_shared_one(better: str, worse: str, picture: str) -> None:
    ranks = [takeout_rank(sidecar_target(name), picture) for name in (better, worse)]

    assert ranks[0] is not None
    assert ranks[1] is not None
    assert ranks[0] < ranks[1]


# Google truncates a sidecar's name to 46 UTF-16 code units, then appends the counter, such as "(1)".
@given(
    stem=st.text("abcXYZ 0123456789_-.äé", min_size=1, max_size=47).filter(lambda stem: stem.strip(" .") == stem),
    extension=st.sampled_from(["jpg", "HEIC", "png", "mp4"]),
    counter=st.sampled_from(["", "(1)", "(12)"]),
    metadata=st.sampled_from(["", ".supplemental-metadata"]),
)
def test_names_truncated_by_google_match(stem: str, extension: str, counter: str, metadata: str) -> None:
    picture = f"{stem}{counter}.{extension}"
    sidecar = f"{stem}.{extension}{metadata}"[:JSON_UNITS] + f"{counter}.json"

    target = sidecar_target(sidecar)

    assert takeout_rank(target, picture) is not None
    assert name_key(target) == name_key(picture)


@given(name=st.text(max_size=80), other=st.text(max_size=80))
def test_any_names_can_be_compared(name: str, other: str) -> None:
    for rank in (takeout_rank, xmp_rank, aae_rank, exact_rank):
        assert rank(sidecar_target(name), other) in {None, 0, 1, 2, 3, 4, 5}
    assert utf16_units(name_key(name)) <= KEY_UNITS


@pytest.mark.parametrize(
    ("sidecar", "picture", "rank"),
    [
        ("IMG_1.CR2.xmp", "IMG_1.CR2", 0),
        ("IMG_1.xmp", "IMG_1.CR2", 1),
        ("IMG_1.xmp", "IMG_1.JPG", 1),
        ("IMG_1_01.CR2.xmp", "IMG_1.CR2", 2),
        ("IMG_1.CR2.xmp", "IMG_1.JPG", None),
        ("IMG_1.xmp", "IMG_1(1).JPG", None),
        ("IMG_1_1.CR2.xmp", "IMG_1.CR2", None),
    ],
)
def test_xmp_name_matches_its_picture(sidecar: str, picture: str, rank: int | None) -> None:
    target = sidecar_target(sidecar)

    assert xmp_rank(target, picture) == rank
    assert rank is None or name_key(target) == name_key(picture)


@pytest.mark.parametrize(
    ("sidecar", "picture", "rank"),
    [
        ("IMG_0001.AAE", "IMG_0001.HEIC", 0),
        ("IMG_O0001.AAE", "IMG_0001.HEIC", 1),
        ("IMG_0001.AAE", "IMG_0002.HEIC", None),
    ],
)
def test_aae_name_matches_its_picture(sidecar: str, picture: str, rank: int | None) -> None:
    target = sidecar_target(sidecar)

    assert aae_rank(target, picture) == rank
    assert rank is None or name_key(target) == name_key(picture)
