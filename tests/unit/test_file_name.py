"""Fingerprints of files, and names that are safe to display."""

from unicodedata import normalize

import pytest

from batches.intake.file_name import FileName, displayable, fingerprint


def test_fingerprint_is_the_documented_hash() -> None:
    # Computed with: printf 'A/b.jpg\0005\0001000' | sha256sum
    assert fingerprint("A/b.jpg", 5, "1000") == "4dd42ed3dd69b7034352bf2cd83af4fba9fa9f0ffe2f5bb186c26fe94f599659"


def test_name_is_composed_and_fingerprint_uses_the_name_as_sent() -> None:
    decomposed = normalize("NFD", "Über/Käse.jpg")

    file = FileName(normalize("NFD", "Käse.jpg"), 7, decomposed, "5").as_new_file()

    assert (file.filename, file.relative_path) == ("Käse.jpg", "Über/Käse.jpg")
    assert file.fingerprint == fingerprint(decomposed, 7, "5")


def test_long_name_keeps_its_end() -> None:
    assert FileName("x" * 300 + ".jpg", 5).as_new_file().filename == "…" + "x" * 250 + ".jpg"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("photo\u202egpj.exe\n", "photo\ufffdgpj.exe\ufffd"), ("caf\udce9.jpg", "caf\ufffd.jpg"), ("a\0b", "a\ufffdb")],
)
def test_displayable_replaces_what_disguises_a_name(name: str, shown: str) -> None:
    assert displayable(name) == shown
