"""Junk, hidden and empty files are not imported."""

import pytest

from batches.intake.ignored_files import ignored_code

JUNK = [
    "@eaDir/IMG_1.jpg/SYNOPHOTO_THUMB_XL.jpg",
    "#recycle/IMG_1.jpg",
    "$RECYCLE.BIN/S-1-5/IMG_1.jpg",
    "__MACOSX/._IMG_1.jpg",
    "DCIM/.Trash-1000/files/IMG_1.jpg",
    "DCIM/.thumbnails/1.jpg",
    "roll/.picasaoriginals/IMG_1.jpg",
    "roll/.stversions/IMG_1.jpg",
    "roll/.trashed-1700000000-IMG_1.jpg",
    "roll/.pending-1700000000-IMG_1.jpg",
    "roll/THUMBS.DB",
    "roll/desktop.ini",
    ".DS_Store",
]
EXPORT = [
    "Takeout/archive_browser.html",
    "archive_browser.html",
    "takeout-20240131T123456Z-001/Takeout/Archiv_Übersicht.html",
    "Takeout/Google Photos/print-subscriptions.json",
    "Google Fotos/user-generated-memory-titles.json",
    "/Takeout/Google Photos/shared_album_comments.json",
    "Takeout/Mail/All mail Including Spam and Trash.mbox",
    "/Takeout/YouTube und YouTube Music/Abos/Abos.csv",
    "a/takeout-20240131T123456Z-1-002/Takeout/Contacts/All.VCF",
    "Takeout 2/Location History/Records.json",
]


@pytest.mark.parametrize("path", JUNK)
def test_files_of_systems_and_other_programs_are_junk(path: str) -> None:
    assert ignored_code(path, 10) == "ignored.junk"


@pytest.mark.parametrize("path", EXPORT)
def test_files_that_describe_an_export_are_left_out(path: str) -> None:
    assert ignored_code(path, 10) == "ignored.export"


@pytest.mark.parametrize("path", ["roll/.a/IMG_1.jpg", "roll/.IMG_1.jpg"])
def test_hidden_files_below_the_chosen_folder_are_left_out(path: str) -> None:
    assert ignored_code(path, 10) == "ignored.hidden"


def test_empty_file_is_left_out() -> None:
    assert ignored_code("roll/IMG_1.jpg", 0) == "ignored.empty"


@pytest.mark.parametrize(
    "path",
    [
        *(".hidden/IMG_1.jpg", ".IMG_1.jpg", "roll/Thumbs.db.jpg", "my @eaDir/IMG_1.jpg"),
        *("Takeout/Google Photos/Sea/a.html", "Takeout/a.html.jpg", "my print-subscriptions.json"),
        *("iCloud Photos/Photo Details.csv", "takeout menus/prices.csv", "Takeout.csv", "Takeout/Photos/IMG_1.csv.jpg"),
        *("Takeout/Keep/Note.json", "Location History/Records.json"),
    ],
)
def test_what_the_user_chose_and_similar_names_are_imported(path: str) -> None:
    assert ignored_code(path, 10) == ""
