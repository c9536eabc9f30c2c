"""Read sidecars from Apple's exports: edits (.AAE), and the CSV files of iCloud Photos from privacy.apple.com.

“Photo Details.csv” has a line for each picture in its folder. Files in the folder “Albums” name pictures in the
neighbouring folder “Photos”.
"""

import csv
import plistlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from xml.parsers.expat import ExpatError

from uploads.media.sanitize import clean_text
from uploads.sidecars.values import Entry, InvalidSidecar, SidecarTime, SidecarValues

MAX_ROWS = 200_000
DETAILS_HEADER = "imgName"
ALBUM_HEADER = "Images"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DATE = re.compile(r"(?:\w+ )?([A-Z][a-z]+) (\d\d?), ?(\d{4}) (\d\d?):(\d\d)(?::(\d\d))? ?([AP]M)? GMT", re.ASCII)
_FLAGS = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


def parse_aae(data: bytes, name: str) -> list[Entry]:
    """Return an entry that marks the picture `name` as edited, the only value in AAE files. Raises InvalidSidecar."""
    try:
        edits = plistlib.loads(data)
    except (plistlib.InvalidFileException, ExpatError, ValueError, LookupError, RecursionError, OverflowError) as error:
        raise InvalidSidecar from error
    except (AttributeError, TypeError) as error:  # plistlib also raises these for some malformed files
        raise InvalidSidecar from error
    if not isinstance(edits, dict) or not any(str(key).startswith("adjustment") for key in edits):
        raise InvalidSidecar
    return [Entry(name, SidecarValues(edited=True))]


def parse_csv(text: str, path: str) -> list[Entry]:
    """Return the values in “Photo Details.csv” or in the CSV file of an album. Raises InvalidSidecar."""
    try:
        rows = list(_rows(text))
    except csv.Error as error:
        raise InvalidSidecar from error
    header = [cell.strip().lstrip("\ufeff") for cell in rows[0]] if rows else []
    if DETAILS_HEADER in header:
        return [entry for row in rows[1:] if (entry := _details(dict(zip(header, row, strict=False))))]
    if header == [ALBUM_HEADER]:
        return _album(rows[1:], PurePosixPath(path))
    raise InvalidSidecar


def _rows(text: str) -> Iterator[list[str]]:
    for number, row in enumerate(csv.reader(text.splitlines())):
        if number > MAX_ROWS:
            raise InvalidSidecar
        if row:
            yield row


def _details(row: dict[str, str]) -> Entry | None:
    name = clean_text(row.get(DETAILS_HEADER, ""), 255)
    if not name:
        return None
    values = SidecarValues(
        time=parse_apple_date(row.get("originalCreationDate", "")),
        favourite=_FLAGS.get(row.get("favorite", "").strip().casefold()),
        archived=_FLAGS.get(row.get("hidden", "").strip().casefold()),
        trashed=_FLAGS.get(row.get("deleted", "").strip().casefold()),
    )
    return Entry(name, values)


def _album(rows: list[list[str]], path: PurePosixPath) -> list[Entry]:
    album = clean_text(path.stem)
    folder = "../Photos" if path.parent.name == "Albums" else ""
    names = dict.fromkeys(name for row in rows if (name := clean_text(row[0], 255)))
    return [Entry(name, SidecarValues(albums=(album,)), folder) for name in names] if album else []


def parse_apple_date(text: str) -> SidecarTime | None:
    """Parse a date such as “Tuesday May 14,2019 8:35 PM GMT”, which is in English and UTC, usually without seconds."""
    match = _DATE.fullmatch(re.sub(r"\s+", " ", text.strip()))
    if match is None or match[1] not in _MONTHS:
        return None
    _month, day, year, hour, minute, second, half = match.groups()
    clock = int(hour) % 12 + 12 * (half == "PM") if half else int(hour)
    numbers = (int(year), _MONTHS.index(match[1]) + 1, int(day), clock, int(minute), int(second or 0))
    try:
        at = datetime(*numbers, tzinfo=UTC)
    except ValueError:
        return None
    return SidecarTime(at, precision=1 if second else 60)
