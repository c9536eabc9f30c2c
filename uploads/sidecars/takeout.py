"""Read the JSON files of a Google Takeout export: one per picture, and one per album folder.

Google publishes no schema. The keys are those found in exports from 2016 to 2025. `people` is not read, because the
names of people in pictures must not be imported from other services.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from uploads.media.sanitize import clean_text, finite_float, valid_position
from uploads.sidecars.values import (
    Entry,
    InvalidSidecar,
    SidecarTime,
    SidecarValues,
    clean_lines,
)

# Exports contain "0" if no date is known.
_TIMESTAMP = re.compile(r"(?!0+$)-?\d{1,10}", re.ASCII)
_PICTURE_KEYS = frozenset({"photoTakenTime", "googlePhotosOrigin", "imageViews"})
_ALBUM_KEYS = frozenset({"access", "date", "albumData", "sharedAlbumComments", "enrichments"})
# Folders such as "Photos from 2019" also have a metadata file, but are not albums.
_YEAR_FOLDER = re.compile(
    r"(photos (from|de)|fotos (von|de|del|van)|foto (dal|da|del|di)|foto.s (uit|van)|foton från|bilder fra"
    r"|billeder fra|kuvat vuodelta|zdjęcia z|fotky z( roku)?|fotografie z( roku)?|фото за|фотографии за) ?\d{4}( .\.)?"
    r"|\d{4} ?(年の写真|年的照片|년의? 사진)"
)


def parse_takeout(text: str, name: str) -> list[Entry]:
    """Return the values in the JSON file `name`; see uploads.sidecars.names for the picture it belongs to.

    Raises InvalidSidecar if it describes neither a picture nor an album.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSidecar from error
    if not isinstance(data, dict):
        raise InvalidSidecar
    if _PICTURE_KEYS & data.keys():
        return [Entry(name, _picture_values(data))]
    if _ALBUM_KEYS & data.keys():
        return _album(data)
    raise InvalidSidecar


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
