"""What the upload page finds in a selection before sending it, without a server."""

import base64
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from tests.support.archives import reader, zipped
from tests.support.hostile_archives import patched
from tests.support.takeout_names import TAKEOUT
from uploads.archives.zip_directory import read_directory
from uploads.sidecars.folders import FOLDER_PATTERNS, joined_folder
from uploads.sidecars.name_match import names_picture, sidecar_target
from uploads.sidecars.names import NAME_PATTERNS, name_key

ADD_PATTERNS = """(patterns) => {
    if (document.getElementById("sidecar-patterns")) return;
    const script = document.createElement("script");
    document.head.append(Object.assign(script, { id: "sidecar-patterns", type: "text/plain", textContent: patterns }));
}"""
READ_NAMES = """async (names) => {
    const rules = await import("/static/upload/sidecar_names.js");
    return names.map((name) => [
        rules.nameKey(name), rules.sidecarTarget(name), rules.joinedFolder(name), rules.describesPicture(name),
    ]);
}"""
FIND_LONE = """async (paths) => (await import("/static/upload/findings.js")).loneSidecars(paths)"""
LIST = """async ([data, limit]) => {
    const { listArchive } = await import("/static/upload/zip_directory.js");
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    return listArchive(new File([bytes], "a.zip"), limit);
}"""
LIST_CHOSEN = """async () => {
    const { listArchive } = await import("/static/upload/zip_directory.js");
    return listArchive(document.querySelector("input").files[0], 1000);
}"""
READ_ARCHIVES = """async (archives) => {
    const { readArchives } = await import("/static/upload/archive_contents.js");
    const files = archives.map(([path, data]) => {
        const file = new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], path);
        return { path, size: file.size, file: async () => file };
    });
    return { ...(await readArchives(files, (path) => path.startsWith("/__MACOSX"))) };
}"""


@pytest.fixture
def page(blank_page: Page) -> Page:
    """A page that can import the scripts, with the patterns that the server puts into the upload page."""
    blank_page.evaluate(ADD_PATTERNS, json.dumps(NAME_PATTERNS | FOLDER_PATTERNS))
    return blank_page


def expected(path: str) -> list[object]:
    name = path.rpartition("/")[2]
    target = sidecar_target(name)
    is_json = name.lower().endswith(".json")
    describes = name.lower().endswith((".xmp", ".aae")) or (is_json and names_picture(target))
    return [name_key(path), sidecar_target(path), joined_folder(path), describes]


def test_names_from_exports_mean_the_same_to_the_page_and_the_server(page: Page) -> None:
    names = [name for pair in TAKEOUT for name in pair]
    names += ["IMG_O0001.AAE", "IMG_E0001.HEIC", "IMG_1_01.CR2.xmp", "IMG_1_HEVC.MOV", "a/Metadaten.json"]
    names += ["takeout-20240131T123456Z-3-002/Takeout/a.jpg", "Takeout (2)/a.jpg", "iCloud Photos Part 1 of 3/a.jpg"]

    assert page.evaluate(READ_NAMES, names) == [expected(name) for name in names]


PARTS = ["img_1", "IMG_E0001", "PXL_20240101_120000123", "burst20190101123456789", "a" * 40, "-edited", "-bearbeitet"]
PARTS += ["(1)", "(12)", ".jpg", ".HEIC", ".MP", ".json", ".xmp", ".aae", ".supplemental-metadata", ".suppl", "_01"]
PARTS += ["_hevc", "/", "takeout-001", "Takeout", "takeout-20240131T123456Z-001", " Part 1 of 2", "..", ".", "é", "😀"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map("".join), min_size=50, max_size=100))
def test_any_names_mean_the_same_to_the_page_and_the_server(page: Page, names: list[str]) -> None:
    assert page.evaluate(READ_NAMES, names) == [expected(name) for name in names]


@pytest.mark.parametrize(
    ("paths", "lone"),
    [
        (["a/IMG_0001.HEIC", "a/IMG_O0001.AAE", "a/IMG_E0001.HEIC"], []),
        (["takeout-001/Takeout/Sea/a.jpg", "takeout-002/Takeout/Sea/a.jpg.supplemental-metadata.json"], []),
        (["takeout-20240131T123456Z-001/Takeout/Sea/a.jpg", "takeout-20240131T123456Z-002/Takeout/Sea/a.jpg.json"], []),
        (["a/Metadaten.json", "a/métadonnées.json", "a/元数据.json", "a/titres-souvenirs.json", "a/config.json"], []),
        (["a/IMG_1.CR2", "a/IMG_1.xmp", "a/IMG_1_01.CR2.xmp", "a/IMG_1.CR2.xmp"], []),
        (["a/b.jpg", "a/c.jpg.json", "a/d.xmp", "b/b.jpg.json"], ["a/c.jpg.json", "a/d.xmp", "b/b.jpg.json"]),
        (["a/IMG_1.jpg.json"], ["a/IMG_1.jpg.json"]),
    ],
)
def test_only_sidecars_without_a_picture_are_found(page: Page, paths: list[str], lone: list[str]) -> None:
    assert page.evaluate(FIND_LONE, paths) == lone


ZIP = zipped({"Takeout/a.jpg": b"a" * 1000, "Takeout/é.json": b"{}", "Takeout/": b"", "b\\c.jpg": b"c"})


def listed(page: Page, data: bytes, limit: int = 1000) -> object:
    return page.evaluate(LIST, [base64.b64encode(data).decode(), limit])


@pytest.mark.parametrize("suffix", [b"", b"\0" * 70])
def test_archive_is_listed_like_on_the_server(page: Page, suffix: bytes) -> None:
    data = ZIP + suffix
    entries = read_directory(reader(data), len(data), 1000)

    assert listed(page, data) == [{"path": e.path, "size": e.size, "isEncrypted": e.encrypted} for e in entries]


def test_archive_beyond_4_gib_is_listed(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"a")
        archive.start_dir = 5 * 2**30  # the next file begins after a hole, which takes up no disk space
        archive.writestr("b.jpg", b"bb")
    page.evaluate("document.body.replaceChildren(Object.assign(document.createElement('input'), { type: 'file' }))")

    page.locator("input").set_input_files(path)

    files = [(entry.path, entry.size) for entry in read_directory(reader(path), path.stat().st_size, 1000)]
    assert files == [("a.jpg", 1), ("b.jpg", 2)]
    assert [(file["path"], file["size"]) for file in page.evaluate(LIST_CHOSEN)] == files


@pytest.mark.parametrize(
    "data",
    [ZIP[:-30], patched(ZIP, b"PK\5\6", 4, b"\1\0"), patched(ZIP, b"PK\1\2", 0, rb"PK\9\9"), b"PK\7\x08" + ZIP[:100]],
)
def test_damaged_archive_is_recognised(page: Page, data: bytes) -> None:
    assert listed(page, data) == "damaged"


@pytest.mark.parametrize(("data", "limit"), [(b"", 9), (b"\xff\xd8\xff" * 50, 9), (b"#!/bin/sh\n" + ZIP, 9), (ZIP, 2)])
def test_other_and_too_large_files_stay_unknown(page: Page, data: bytes, limit: int) -> None:
    assert listed(page, data, limit) is None


def test_contents_of_all_archives_are_combined(page: Page) -> None:
    archives = {
        "a/1.zip": zipped({"Takeout/a.jpg": b"a" * 1000, "__MACOSX/a.jpg": b"x", "Takeout/empty.jpg": b""}),
        "a/2.zip": zipped({"Takeout/a.jpg.json": b"{}"}),
        "a/locked.zip": patched(zipped({"b.jpg": b"b"}), b"PK\1\2", 8, b"\1\0"),
        "a/cut.zip": ZIP[:-30],
        "a/b.jpg": b"b",
    }

    found = page.evaluate(READ_ARCHIVES, [[path, base64.b64encode(data).decode()] for path, data in archives.items()])

    assert found == {
        "paths": ["a/Takeout/a.jpg", "a/Takeout/a.jpg.json"],
        "bytes": 1002 + len(archives["a/cut.zip"]),
        "damaged": ["a/cut.zip"],
        "encrypted": ["a/locked.zip"],
        "isComplete": False,
    }
