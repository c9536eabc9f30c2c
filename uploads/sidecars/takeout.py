"""Read the JSON files of a Google Takeout export: one per picture, and one per album folder.

Google publishes no schema. The keys are those found in exports from 2016 to 2025. `people` is not read, because the
names of people in pictures must not be imported from other services. The names of other files are translated
(“metadata.json”, “Metadaten.json”; “shared_album_comments.json”, “commentaires_albums_partagés.json”), so these files
are recognised by their content and folder. Sources: https://github.com/simulot/immich-go/issues/677, /791 and /1124.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from uploads.media.sanitize import clean_text, finite_float, valid_position
from uploads.sidecars.folders import is_in_takeout
from uploads.sidecars.name_match import names_picture
from uploads.sidecars.values import (
    Entry,
    ExportData,
    InvalidSidecar,
    SidecarTime,
    SidecarValues,
    clean_lines,
)

# Exports contain "0" if no date is known.
_TIMESTAMP = re.compile(r"(?!0+$)-?\d{1,10}", re.ASCII)
_PICTURE_KEYS = frozenset({"photoTakenTime", "googlePhotosOrigin", "imageViews"})
# Exports from 2017 have other keys, of which only the description is read.
_PICTURE_KEYS_2017 = frozenset({"title", "description", "url", "tags", "people", "comments"})
_ALBUM_KEYS = frozenset({"access", "date", "albumData", "sharedAlbumComments", "enrichments"})
# Since 2025, most album files contain only the title.
_TITLE_KEYS = _ALBUM_KEYS | {"title", "description", "location", "geoData"}
# Folders such as "Photos from 2019" also have a metadata file, but are not albums.
_YEAR_FOLDER = re.compile(
    r"(photos (from|de)|fotos (von|de|del|van)|foto (dal|da|del|di)|foto.s (uit|van)|foton från|bilder fra"
    r"|billeder fra|kuvat vuodelta|zdjęcia z|fotky z( roku)?|fotografie z( roku)?|фото за|фотографии за) ?\d{4}( .\.)?"
    r"|\d{4} ?(年の写真|年的照片|년의? 사진)"
)


def parse_takeout(text: str, target: str, path: str) -> list[Entry]:
    """Return the entries of the JSON file at `path`; `target` is the result of `sidecar_target` for its name.

    Raises ExportData if Google Takeout probably wrote the file, but it describes neither a picture nor an album, for
    example a list of the user's orders. Raises InvalidSidecar for any other file that describes neither.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSidecar from error
    is_other = not names_picture(target)
    if not isinstance(data, dict):
        raise ExportData if is_other and is_in_takeout(path) else InvalidSidecar
    if _PICTURE_KEYS & data.keys() or data.keys() >= _PICTURE_KEYS_2017:
        return [Entry(target, _picture_values(data))]
    if not is_other:
        raise InvalidSidecar
    if _ALBUM_KEYS & data.keys() or (isinstance(data.get("title"), str) and data.keys() <= _TITLE_KEYS):
        return _album(data)
    raise ExportData if is_in_takeout(path) else InvalidSidecar


def _picture_values(data: dict[str, Any]) -> SidecarValues:
    latitude, longitude = _position(data.get("geoData"))
    if latitude is None:
        latitude, longitude = _position(data.get("geoDataExif"))
    return SidecarValues(
        time=_time(data.get("photoTakenTime")),
        latitude=latitude,
        longitude=longitude,
        caption=clean_lines(data.get("description")),
        # Exports contain these keys only if they are true.
        favourite=_flag(data, "favorited"),
        archived=_flag(data, "archived"),
        trashed=_flag(data, "trashed"),
    )


def _album(data: dict[str, Any]) -> list[Entry]:
    inner = data.get("albumData", data)
    title = clean_text(inner.get("title")) if isinstance(inner, dict) else ""
    if not title or _YEAR_FOLDER.fullmatch(title.casefold()):
        return []
    return [Entry("", SidecarValues(albums=(title,)))]


def _time(value: object) -> SidecarTime | None:
    timestamp = value.get("timestamp") if isinstance(value, dict) else None
    if not _TIMESTAMP.fullmatch(str(timestamp)):
        return None
    try:
        return SidecarTime(datetime.fromtimestamp(int(str(timestamp)), UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _position(value: object) -> tuple[float | None, float | None]:
    if not isinstance(value, dict):
        return None, None
    return valid_position(finite_float(value.get("latitude")), finite_float(value.get("longitude")))


def _flag(data: dict[str, Any], key: str) -> bool | None:
    return True if data.get(key) is True else None
