"""Names of exported files are valid on Linux, Windows and macOS, and unique within their folder."""

import unicodedata
from typing import Literal

import pytest

from uploads.export.file_names import FolderNames, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("IMG_0001.JPG", "IMG_0001.JPG"),
        ('a<b>c:d"e/f\\g|h?i*j.jpg', "a_b_c_d_e_f_g_h_i_j.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("line\nbreak.jpg", "line_break.jpg"),
        ("dots and spaces. . ", "dots and spaces"),
        ("CON.jpg", "_CON.jpg"),
        ("lpt1", "_lpt1"),
        ("console.jpg", "console.jpg"),
        ("..", "file"),
        ("", "file"),
        ("cafe\u0301.jpg", "café.jpg"),
        ("x" * 300 + ".jpeg", "x" * 195 + ".jpeg"),
        ("ü" * 150 + ".jpg", "ü" * 98 + ".jpg"),
    ],
)
def test_name_is_safe_on_every_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_names_that_a_system_treats_as_equal_get_numbers() -> None:
    names = FolderNames(["IMG_1.jpg"])

    assert [names.claim(name) for name in ("img_1.JPG", "IMG_1.jpg", "caf\u00e9.jpg", "cafe\u0301.jpg")] == [
        "img_1 (2).JPG",
        "IMG_1 (3).jpg",
        "café.jpg",
        "café (2).jpg",
    ]


def test_file_never_takes_the_name_of_a_sidecar() -> None:
    names = FolderNames()

    assert [names.claim("a.jpg"), names.claim("a.jpg.json")] == ["a.jpg", "a.jpg (2).json"]


def test_number_of_comparisons_grows_linearly_with_equal_names(monkeypatch: pytest.MonkeyPatch) -> None:
    names, calls, normalize = FolderNames(), 0, unicodedata.normalize

    def counted(form: Literal["NFC"], text: str) -> str:
        nonlocal calls
        calls += 1
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", counted)

    assert [names.claim("image.jpg") for _ in range(200)][-1] == "image (200).jpg"
    assert calls < 200 * 20


def test_sidecars_of_existing_files_keep_their_names() -> None:
    assert FolderNames(["a.jpg"]).claim("a.jpg.json") == "a.jpg (2).json"
