"""The JSON files of a Google Takeout export are read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uploads.sidecars.recognise import SidecarKind, parse_sidecar
from uploads.sidecars.values import Entry, ExportData, InvalidSidecar, SidecarValues


def takeout(**data: Any) -> SidecarValues:
    [entry] = parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), "IMG_1.jpg.json")
    return entry.values


def test_takeout_file_is_read() -> None:
    values = takeout(
        title="IMG_1.jpg",
        description="At the sea",
        photoTakenTime={"timestamp": "1557858912", "formatted": "14.05.2019, 18:35:12 UTC"},
        geoData={"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
        geoDataExif={"latitude": 52.5, "longitude": 13.4},
        people=[{"name": "Anna"}],
        favorited=True,
        archived=True,
        url="https://photos.google.com/photo/x",
    )

    assert values.time is not None
    assert values.time.at.isoformat() == "2019-05-14T18:35:12+00:00"
    assert (values.latitude, values.longitude) == (52.5, 13.4)
    assert (values.caption, values.favourite, values.archived, values.trashed) == ("At the sea", True, True, None)
    assert "Anna" not in json.dumps(values.as_json())


def test_description_in_an_export_of_2017_is_read() -> None:
    values = takeout(
        tags=[],
        description="At the sea",
        title="IMG_1.jpg",
        people=[],
        comments=[],
        url="https://lh3.example/IMG_1.jpg",
    )

    assert values == SidecarValues(caption="At the sea")


@pytest.mark.parametrize("timestamp", ["0", "", "x", None, 10**30, "99999999999", [], {}])
def test_takeout_without_a_date_has_none(timestamp: object) -> None:
    assert takeout(photoTakenTime={"timestamp": timestamp}).time is None


def test_takeout_date_before_1970_is_read() -> None:
    time = takeout(photoTakenTime={"timestamp": "-86400"}).time

    assert time is not None
    assert time.at.year == 1969


@pytest.mark.parametrize(
    "data",
    [
        {"title": "Sea", "description": "", "access": "protected", "date": {"timestamp": "1557858912"}},
        {"albumData": {"title": "Sea", "date": {}}},
        {"title": "Sea", "sharedAlbumComments": []},
        {"title": "Sea"},
    ],
)
@pytest.mark.parametrize("name", ["metadata.json", "Metadaten.json", "métadonnées(1).json", "メタデータ.json"])
def test_album_of_a_folder_is_read_in_any_language(data: object, name: str) -> None:
    entries = parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), f"Sea/{name}")

    assert entries == [Entry("", SidecarValues(albums=("Sea",)))]


@pytest.mark.parametrize("title", ["Photos from 2019", "Fotos von 2019", "Photos de 2019", "Foto's uit 2019", ""])
def test_folder_of_a_year_is_not_an_album(title: str) -> None:
    assert parse_sidecar(SidecarKind.TAKEOUT, json.dumps({"title": title, "date": {}}).encode(), "metadata.json") == []


OTHER = ["{", "[]", "{}", '{"title": "a", "id": 1}', "[" * 100_000, '{"photoTakenTime": NaN', "\ud800"]


@pytest.mark.parametrize("text", OTHER)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidSidecar):
        parse_sidecar(SidecarKind.TAKEOUT, text.encode("utf-8", "surrogatepass"), "a.json")


@pytest.mark.parametrize(
    "data",
    [{}, [{"header": "Maps"}], {"title": ["Our trip"]}, {"comments": [{"contentUrl": "https://photos.google.com"}]}],
)
@pytest.mark.parametrize("folder", ["Takeout/Google Photos", "takeout-20240131T123456Z-3-002/x", "Google Fotos/Sea"])
def test_account_data_of_an_export_is_recognised_in_any_language(data: object, folder: str) -> None:
    with pytest.raises(ExportData):
        parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), f"{folder}/commentaires_albums_partagés.json")


@pytest.mark.parametrize("name", ["IMG_1.jpg.json", "IMG_1.jpg(1).json", f"{'a' * 46}.json"])
@pytest.mark.parametrize("data", [{}, [], {"title": "IMG_1.jpg"}])
def test_damaged_file_of_a_picture_in_an_export_is_refused(data: object, name: str) -> None:
    with pytest.raises(InvalidSidecar):
        parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), f"Takeout/Google Photos/{name}")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
TAKEOUT_KEYS = ["photoTakenTime", "geoData", "geoDataExif", "description", "favorited", "title", "date", "albumData"]


@pytest.mark.slow
@settings(max_examples=40)
@given(
    data=st.dictionaries(st.sampled_from(TAKEOUT_KEYS), JSON_VALUES | st.dictionaries(st.text(), JSON_VALUES)),
    name=st.sampled_from(["IMG_1.jpg.json", "metadata.json"]),
)
def test_any_takeout_values_are_read_or_refused(data: dict[str, object], name: str) -> None:
    try:
        entries = parse_sidecar(SidecarKind.TAKEOUT, json.dumps(data).encode(), f"Takeout/Sea/{name}")
    except (InvalidSidecar, ExportData):
        return
    for entry in entries:
        json.dumps(entry.values.as_json(), allow_nan=False).encode().decode().index("")
        assert "\0" not in entry.values.caption
