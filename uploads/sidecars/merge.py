"""Choose between the values that a file and its sidecars contain.

Sidecars take precedence over the file, because they are edited and exported later. For each value, the first source
that has it is used: XMP, Google Takeout, Apple's exports, the file. Keywords and albums are combined instead, and the
time of the sidecars is compared with that of the file (combine_times). A date can also come from the file's name.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

from uploads.media.name_time import time_from_name
from uploads.media.photo_time import DATE_ONLY
from uploads.media.utc_offset import nearest_utc_offset
from uploads.sidecars.recognise import SidecarKind
from uploads.sidecars.values import MAX_LIST, SidecarTime, SidecarValues

PRECEDENCE = (SidecarKind.XMP, SidecarKind.TAKEOUT, SidecarKind.APPLE, SidecarKind.AAE, SidecarKind.ALBUM)
FILE = "file"
"""The key in `Upload.sidecars` for the time and place from the picture's file itself."""

SIDECAR, NAME = "sidecar", "name"
_INSTANTS = frozenset({"container", "gps"})
"""Sources whose times are in UTC, unless the file also states a zone."""
_NAME_TOLERANCE = timedelta(minutes=2)
"""How far a name's time may deviate from the file's: some phones write when a recording began, and when it ended."""


@dataclass(frozen=True, slots=True)
class PlaceAndTime:
    """When and where a picture was taken. `source` is a value of TakenSource, or blank if there is no date."""

    taken_at: datetime | None = None
    utc_offset: int | None = None
    source: str = ""
    latitude: float | None = None
    longitude: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the values for a JSON column."""
        return {**asdict(self), "taken_at": self.taken_at.isoformat() if self.taken_at else None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "PlaceAndTime":
        """Return the values from the result of `as_json`."""
        taken_at = values.get("taken_at")
        return cls(**{**values, "taken_at": datetime.fromisoformat(taken_at) if taken_at else None})


def merge_sidecars(sidecars: Mapping[str, Any]) -> SidecarValues:
    """Merge the values of a picture's sidecars, which are stored by kind as `SidecarValues.as_json` returns them.

    Keywords and albums are combined.
    """
    found = [SidecarValues.from_json(sidecars[kind]) for kind in PRECEDENCE if kind in sidecars]

    def first(name: str) -> Any:
        return next((value for one in found if (value := getattr(one, name)) not in (None, "")), None)

    def union(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for one in found for value in getattr(one, name)))[:MAX_LIST]

    located = next((one for one in found if one.latitude is not None), SidecarValues())
    return SidecarValues(
        time=first("time"),
        latitude=located.latitude,
        longitude=located.longitude,
        title=first("title") or "",
        caption=first("caption") or "",
        keywords=union("keywords"),
        albums=union("albums"),
        rating=first("rating"),
        favourite=first("favourite"),
        archived=first("archived"),
        trashed=first("trashed"),
        edited=first("edited"),
    )


def place_and_time(sidecar: SidecarValues, file: PlaceAndTime, filename: str) -> PlaceAndTime:
    """Return when and where a picture was taken, from its sidecars, its file and the file's name."""
    named = time_from_name(filename)
    if named is not None and (file.taken_at is not None or sidecar.time is None):
        file = _with_name(file, named)
    taken_at, utc_offset, source = file.taken_at, file.utc_offset, file.source
    if sidecar.time is not None:
        clock = None if source == DATE_ONLY else taken_at
        taken_at, utc_offset = combine_times(sidecar.time, clock, utc_offset)
        if (taken_at, utc_offset) != (file.taken_at, file.utc_offset):
            source = SIDECAR
    located = sidecar if sidecar.latitude is not None else file
    return PlaceAndTime(taken_at, utc_offset, source, located.latitude, located.longitude)


def _with_name(file: PlaceAndTime, named: datetime) -> PlaceAndTime:
    """Return the file's time, supplemented with the local time in the file's name.

    The name's time is used if the file has no date, or the same date without a time of day. If the file has only a time
    in UTC, as videos from Android phones do, the UTC offset is the difference between the name's time and that time.
    """
    if file.taken_at is None:
        return replace(file, taken_at=named, source=NAME)
    in_utc = file.taken_at.astimezone(UTC)
    if named.time() == time.min:  # the name may contain only a date
        return file
    if file.source == DATE_ONLY and in_utc.date() == named.date():
        return replace(file, taken_at=named, source=NAME)
    if file.utc_offset == 0 and file.source in _INSTANTS:
        ahead = nearest_utc_offset(named - in_utc, _NAME_TOLERANCE)
        return file if ahead is None else replace(file, utc_offset=round(ahead / timedelta(minutes=1)))
    return file


def combine_times(
    sidecar: SidecarTime, taken_at: datetime | None, utc_offset: int | None
) -> tuple[datetime, int | None]:
    """Return the time and its UTC offset in minutes, from a sidecar's time and the file's.

    If they agree, the file's time is kept, because it may have fractions of seconds and a zone. If the sidecar has the
    instant and the file has only the local time, their difference is the UTC offset.
    """
    if taken_at is None:
        return sidecar.at, sidecar.utc_offset
    file_local = taken_at.astimezone(UTC) + timedelta(minutes=utc_offset or 0)
    tolerance = timedelta(seconds=sidecar.precision)
    if not sidecar.is_instant:
        agrees = abs(file_local - sidecar.at) < tolerance or _same_day(file_local, sidecar)
        return (taken_at, utc_offset) if agrees else (sidecar.at, None)
    if utc_offset is not None:
        agrees = abs(taken_at - sidecar.at) < tolerance and sidecar.utc_offset in {None, utc_offset}
        return (taken_at, utc_offset) if agrees else (sidecar.at, sidecar.utc_offset)
    ahead = _utc_offset(sidecar, file_local - sidecar.at)
    if ahead is None:
        return sidecar.at, sidecar.utc_offset
    if not ahead and sidecar.utc_offset is None:
        return taken_at, None  # the service did not know the zone either, and stored the local time as UTC
    return file_local.replace(tzinfo=timezone(ahead)), round(ahead / timedelta(minutes=1))


def _utc_offset(sidecar: SidecarTime, difference: timedelta) -> timedelta | None:
    """Return the UTC offset that explains the `difference` between the file's local time and the sidecar's, or None."""
    tolerance = timedelta(seconds=sidecar.precision) - timedelta.resolution
    if sidecar.utc_offset is None:
        return nearest_utc_offset(difference, tolerance)
    offset = timedelta(minutes=sidecar.utc_offset)
    return offset if abs(difference - offset) <= tolerance else None


def _same_day(file_local: datetime, sidecar: SidecarTime) -> bool:
    return sidecar.precision == 86_400 and file_local.date() == sidecar.at.date()
