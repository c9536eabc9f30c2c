"""An export from Google Photos in two ZIP parts, with Google's names for JSON files."""

import json
from dataclasses import replace
from typing import Any

from tests.support.archives import zipped
from tests.support.camera_roll.encoders import Shot, android_film, exif_of, still
from tests.support.camera_roll.roll import START, Outcome, Roll, of_shot

PARTS = ("takeout-20240901T123456Z-001.zip", "takeout-20240901T123456Z-002.zip")
YEAR = "Takeout/Google Photos/Photos from 2024"
ALBUM = "Takeout/Google Photos/Iceland"
# Google truncates the names of pictures to 47 characters, without the extension, and those of JSON files to 46,
# without “.json”.
LONG = "Original_1c9ca2b7-91b8-4d3c-8c8d-6cd0f0a7f3c1_P"
MEDIUM = "IMG_20240105_101010_by_the_lake"

# The names of pictures and of their JSON files.
_NAMES = {
    "IMG_7001.jpg": "IMG_7001.jpg.json",
    "IMG_7002.jpg": "IMG_7002.jpg.supplemental-metadata.json",
    "IMG_7002(1).jpg": "IMG_7002.jpg.supplemental-metadata(1).json",
    "IMG_7003.jpg": "IMG_7003.jpg.json",
    "IMG_7003(1).jpg": "IMG_7003.jpg(1).json",
    f"{LONG}.jpg": f"{LONG[:46]}.json",
    f"{MEDIUM}.jpg": f"{MEDIUM}.jpg.supplemental-metadata"[:46] + ".json",
    "IMG_7004.png": "IMG_7004.png.suppl.json",
    "IMG_7005.HEIC": "IMG_7005.HEIC.json",
    "IMG_7006.webp": "IMG_7006.webp.supplemental-metadata.json",
}


class _Export:
    """The files of both parts. Each picture is put into one part and its JSON file into the other."""

    def __init__(self, roll: Roll) -> None:
        self.roll = roll
        self.parts: tuple[dict[str, bytes], dict[str, bytes]] = ({}, {})

    def add(self, part: int, path: str, data: bytes, outcome: Outcome) -> None:
        self.parts[part][path] = data
        self.roll.expected[path] = outcome

    def add_json(self, part: int, path: str, content: dict[str, Any], outcome: Outcome) -> None:
        self.add(part, path, json.dumps(content).encode(), outcome)


def add_takeout(roll: Roll) -> None:
    """Add both parts to the roll, and the expected outcomes of the files in them."""
    export = _Export(roll)
    _add_pictures(export)
    _add_album(export)
    _add_shared(export)
    export.add_json(0, f"{YEAR}/IMG_7999.jpg.json", _details(Shot(START), "gone"), Outcome("sidecar"))
    export.add_json(0, f"{YEAR}/metadata.json", {"title": "Photos from 2024", "date": {}}, Outcome("sidecar"))
    export.add_json(1, "Takeout/Google Photos/print-subscriptions.json", {}, Outcome("ignored.export"))
    export.add(1, "Takeout/archive_browser.html", b"<!DOCTYPE html>", Outcome("ignored.export"))
    for name, files in zip(PARTS, export.parts, strict=True):
        roll.add(name, zipped(files), Outcome("archive"))


def _add_pictures(export: _Export) -> None:
    """Add pictures whose JSON files contain date, place and caption. The last two pictures also have EXIF data."""
    shots = export.roll.shots(len(_NAMES))
    for (name, json_name), (number, shot) in zip(_NAMES.items(), shots, strict=True):
        kind = {"jpg": "JPEG", "png": "PNG", "HEIC": "HEIC", "webp": "WEBP"}[name.rpartition(".")[2]]
        has_clock = kind in ("HEIC", "WEBP")
        data = still(kind, number, exif_of(Shot(shot.local)) if has_clock else b"", export.roll.size)
        known = shot if has_clock else Shot(shot.taken_at.replace(tzinfo=None), None, shot.place)
        picture = of_shot(known, "sidecar", more={"caption": name, "favourite": number % 2 == 0})
        part = number % 2
        export.add(part, f"{YEAR}/{name}", data, picture)
        details = _details(shot, name) | ({"favorited": True} if number % 2 == 0 else {})
        export.add_json(1 - part, f"{YEAR}/{json_name}", details, Outcome("sidecar", of=f"{YEAR}/{name}"))


def _add_album(export: _Export) -> None:
    """Add an album with an archived picture that exists nowhere else in the export."""
    export.add_json(0, f"{ALBUM}/metadata.json", {"title": "Iceland", "date": {}}, Outcome("sidecar"))
    [(number, shot)] = export.roll.shots(1)
    path, albums = f"{ALBUM}/IMG_7100.jpg", {"albums": ["Iceland"]}
    known = Shot(shot.taken_at.replace(tzinfo=None), None, shot.place)
    more = albums | {"archived": True, "caption": "Geysir"}
    export.add(1, path, still("JPEG", number, size=export.roll.size), of_shot(known, "sidecar", more=more))
    details = _details(shot, "Geysir") | {"archived": True}
    export.add_json(0, f"{path}.json", details, Outcome("sidecar", of=path))


def _add_shared(export: _Export) -> None:
    """Add an edited picture and the video of a live photo, which share the JSON file of the original."""
    [(number, shot), (other, _)] = export.roll.shots(2)
    known = Shot(shot.taken_at.replace(tzinfo=None), None, shot.place)
    picture = of_shot(known, "sidecar", more={"caption": "shared"})
    edited = f"{YEAR}/IMG_7200-edited.jpg"
    original = replace(picture, of=edited, role="original")
    export.add(0, f"{YEAR}/IMG_7200.jpg", still("JPEG", number, size=export.roll.size), original)
    export.add(0, edited, still("JPEG", other, size=export.roll.size), picture)
    at = Shot(shot.taken_at.replace(tzinfo=None), 0, shot.place)
    film = of_shot(at, "container", part=(edited, "live"), more={"caption": "shared"})
    export.add(1, f"{YEAR}/IMG_7200.MP4", android_film("mp4", number, at, export.roll.size), film)
    path = f"{YEAR}/IMG_7200.jpg.supplemental-metadata.json"
    export.add_json(1, path, _details(shot, "shared"), Outcome("sidecar", of=edited))


def _details(shot: Shot, caption: str) -> dict[str, Any]:
    place = shot.place or (0.0, 0.0)
    return {
        "title": caption,
        "description": caption,
        "photoTakenTime": {"timestamp": str(int(shot.taken_at.timestamp()))},
        "geoData": {"latitude": place[0], "longitude": place[1]},
        "people": [{"name": "Nobody"}],
    }
