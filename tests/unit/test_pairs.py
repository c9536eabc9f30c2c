"""Live photos, RAW files beside JPEGs, and bursts are found by identifier or by name."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from uploads.models import PartRole
from uploads.pairs import PairFile, find_parts

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)


def still(id: int, name: str, group_id: str = "", taken_at: datetime | None = NOON) -> PairFile:
    return PairFile(id, name, "image", taken_at, None, group_id)


def film(
    id: int, name: str, group_id: str = "", taken_at: datetime | None = NOON, duration: float | None = 2.5
) -> PairFile:
    return PairFile(id, name, "video", taken_at, duration, group_id)


@pytest.mark.parametrize(
    "movie",
    [
        film(2, "IMG_1.MOV", "live:A"),
        film(2, "renamed.MOV", "live:A"),
        film(2, "IMG_1.MOV"),
        film(2, "IMG_1_HEVC.MOV"),
        film(2, "img_1.mp4", taken_at=None, duration=None),
        film(2, "IMG_1.MOV", taken_at=NOON - timedelta(hours=2, seconds=-3)),
    ],
)
def test_film_of_a_live_photo_is_its_part(movie: PairFile) -> None:
    assert find_parts([still(1, "IMG_1.HEIC", "live:A"), movie]) == {2: (1, PartRole.LIVE)}


@pytest.mark.parametrize(
    "movie",
    [
        film(2, "IMG_1.MOV", "live:B"),
        film(2, "IMG_2.MOV"),
        film(2, "IMG_1(1).MOV"),
        film(2, "IMG_1.MOV", duration=60),
        film(2, "IMG_1.MOV", taken_at=NOON + timedelta(minutes=4)),
        film(2, "IMG_1.MOV", taken_at=NOON + timedelta(days=2)),
    ],
)
def test_other_films_are_not_parts(movie: PairFile) -> None:
    assert find_parts([still(1, "IMG_1.HEIC", "live:A"), movie]) == {}


@pytest.mark.parametrize(
    ("raw", "jpeg"),
    [
        ("IMG_1.CR2", "IMG_1.JPG"),
        ("IMG_1.DNG", "IMG_1.HEIC"),
        ("PICT0001.MRW", "PICT0001.JPG"),
        ("PXL_20230809_203449253.RAW-02.ORIGINAL.dng", "PXL_20230809_203449253.RAW-01.COVER.jpg"),
    ],
)
def test_raw_file_is_part_of_its_jpeg(raw: str, jpeg: str) -> None:
    assert find_parts([still(1, raw), still(2, jpeg)]) == {1: (2, PartRole.RAW)}


@pytest.mark.parametrize("edited", ["IMG_E0001.JPG", "IMG_0001-edited.heic", "IMG_0001-bearbeitet.jpg"])
def test_original_and_film_are_parts_of_the_edited_picture(edited: str) -> None:
    files = [still(1, "IMG_0001.HEIC", "live:A"), film(2, "IMG_0001.MOV", "live:A"), still(3, edited)]

    assert find_parts(files) == {1: (3, PartRole.ORIGINAL), 2: (3, PartRole.LIVE)}


@pytest.mark.parametrize("edited", ["photo (1)-edited.jpg", "photo -edited(1).jpg"])
def test_original_with_a_counter_is_part_of_the_edited_picture(edited: str) -> None:
    files = [still(1, "photo (1).jpg"), still(2, "photo .jpg"), still(3, edited)]

    assert find_parts(files) == {1: (3, PartRole.ORIGINAL)}


@pytest.mark.parametrize(
    "edited",
    [still(2, "IMG_E0002.JPG"), still(2, "IMG_E0001(1).JPG"), still(2, "IMG_E0001.JPG", "", NOON.replace(minute=9))],
)
def test_edits_of_other_pictures_are_not_linked(edited: PairFile) -> None:
    assert find_parts([still(1, "IMG_0001.JPG"), edited]) == {}


@pytest.mark.parametrize(("taken_at", "is_part"), [(NOON, True), (NOON.replace(second=1), False), (None, False)])
def test_files_of_two_imports_are_paired_only_by_equal_times(taken_at: datetime | None, is_part: bool) -> None:
    jpeg = PairFile(1, "IMG_1.JPG", "image", taken_at, batch=7)
    later = [PairFile(2, "IMG_1.DNG", "image", NOON, batch=8), PairFile(3, "IMG_1.MOV", "video", NOON, 2.5, batch=8)]

    expected = {2: (1, PartRole.RAW), 3: (1, PartRole.LIVE)}
    assert find_parts([jpeg, *later]) == (expected if is_part else {})


def test_two_pictures_of_one_name_stay_apart() -> None:
    files = [still(1, "IMG_1.JPG", "live:A"), still(2, "IMG_1.PNG", "live:A"), still(3, "IMG_1(1).CR2")]

    assert find_parts(files) == {}


def test_burst_is_shown_as_its_cover() -> None:
    names = [f"0000{number}IMG_0000{number}_BURST20190101123456789" for number in range(3)]
    files = [still(id, f"{name}{'_COVER' * (id == 1)}.jpg") for id, name in enumerate(names)]

    assert find_parts(files) == {0: (1, PartRole.BURST), 2: (1, PartRole.BURST)}


def test_parts_have_no_parts_in_any_order() -> None:
    files = [
        still(1, "IMG_1.HEIC", "burst:B"),
        still(2, "IMG_2.HEIC", "burst:B"),
        still(3, "IMG_2.DNG"),
        film(4, "IMG_2.MOV"),
        still(5, "IMG_E0001.HEIC", "burst:B"),
        still(6, "IMG_0001.HEIC", "burst:B"),
    ]

    found = [find_parts(order) for order in permutations(files)]

    assert found[0] == {
        1: (5, PartRole.BURST),
        2: (5, PartRole.BURST),
        3: (5, PartRole.RAW),
        4: (5, PartRole.LIVE),
        6: (5, PartRole.ORIGINAL),
    }
    assert all(parts == found[0] for parts in found)
