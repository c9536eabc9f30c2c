"""Pictures, their sidecars and their parts (such as the video of a live photo) are matched by key."""

import pytest

from uploads.sidecars.folders import ANY_NAME, joined_folder, match_keys
from uploads.sidecars.names import name_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_0001.HEIC", "IMG_0001.MOV"),
        ("IMG_0001.HEIC", "IMG_0001_HEVC.MOV"),
        ("IMG_0001.CR2", "IMG_0001.JPG"),
        ("PXL_20230809_203449253.RAW-01.COVER.jpg", "PXL_20230809_203449253.RAW-02.ORIGINAL.dng"),
        ("00000IMG_00000_BURST20190101123456789.jpg", "00001IMG_00001_BURST20190101123456789_COVER.jpg"),
        ("IMG_0001.HEIC", "IMG_E0001.HEIC"),
        ("e\u0301t\u00e9.jpg", "\u00e9te\u0301.JSON.jpg".replace(".JSON", "")),
    ],
)
def test_parts_of_a_picture_have_its_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("path", "relative", "folder"),
    [
        ("a.jpg", "", ""),
        ("DCIM/Camera/a.jpg", "", "dcim/camera"),
        ("takeout-20240131T123456Z-001/Takeout/Google Photos/Sea/a.jpg", "", "takeout/google photos/sea"),
        ("takeout-20240131T123456Z-3-002.zip/Takeout/Google Photos/Sea/a.jpg", "", "takeout/google photos/sea"),
        ("Takeout 2/Google Photos/Sea/a.jpg", "", "takeout/google photos/sea"),
        ("iCloud Photos Part 1 of 3/Albums/Sea.csv", "../Photos", "icloud photos/photos"),
        ("iCloud Photos Part 2 of 3.zip/Photos/a.jpg", "", "icloud photos/photos"),
    ],
)
def test_folder_of_an_export_in_parts_is_joined(path: str, relative: str, folder: str) -> None:
    assert joined_folder(path, relative) == folder


def test_keys_differ_between_owners_folders_and_names() -> None:
    keys = [
        match_keys(1, "a/IMG_1.jpg", "IMG_1.jpg"),
        match_keys(2, "a/IMG_1.jpg", "IMG_1.jpg"),
        match_keys(1, "b/IMG_1.jpg", "IMG_1.jpg"),
        match_keys(1, "a/IMG_2.jpg", "IMG_2.jpg"),
    ]

    assert len({folder for folder, _ in keys}) == 3
    assert len({name for _, name in keys}) == 2
    assert match_keys(1, "a/metadata.json", "")[1] == ANY_NAME


def test_keys_stay_the_same_between_releases() -> None:
    assert match_keys(1, "a/IMG_1.jpg", "IMG_1.jpg") == (4681665781835383342, 9157095029412891671)
