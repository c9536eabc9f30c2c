"""The owner's edits to a picture. They take precedence over values from its sidecars and its file.

`Upload.sidecars` holds them under EDITS, with the keys below, and processing keeps them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from uploads.media.utc_offset import MAX_UTC_OFFSET
from uploads.sidecars.merge import PlaceAndTime

EDITS = "edits"
"""The key of the owner's changes in `Upload.sidecars`. The other keys are merge.FILE and the kinds of sidecars."""

TIME, LOCATION, ARCHIVED = "time", "location", "archived"
"""The keys of values that can be changed for many pictures at once."""

LABELS, DESCRIPTION = "labels", "description"
"""The keys of the labels that were removed, and of the description that was replaced."""

OWN = "own"
MIDDAY = time(12)

Change = Callable[[PlaceAndTime], Any]
"""Takes the shown time and place of a picture. Returns the new value, or None if the change does not apply to it."""


def apply_edits(found: PlaceAndTime, edits: Mapping[str, Any]) -> PlaceAndTime:
    """Return `found` with the time and the location that the owner set."""
    if TIME in edits:
        edited = edits[TIME]
        found = replace(
            found,
            taken_at=datetime.fromisoformat(edited["taken_at"]),
            utc_offset=edited["utc_offset"],
            source=OWN,
        )
    return replace(found, **edits[LOCATION]) if LOCATION in edits else found


def removed_labels(sidecars: Mapping[str, Any]) -> list[str]:
    """Return the names of the labels that the owner removed."""
    return [label["name"] for label in sidecars.get(EDITS, {}).get(LABELS, [])]


def with_edit(sidecars: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a picture's sidecars with `value` as the owner's value for `key`; None removes the owner's value."""
    edits = {**sidecars.get(EDITS, {}), key: value}
    kept = {name: one for name, one in edits.items() if one is not None}
    others = {name: one for name, one in sidecars.items() if name != EDITS}
    return {**others, EDITS: kept} if kept else others


def shift_time(by: timedelta) -> Change:
    """Return a change that moves the time of each picture by `by`. It does not apply to pictures without a time."""
    return lambda shown: _changed(shown.taken_at, shown.utc_offset, lambda local: local + by, shown.utc_offset)


def set_zone(zone: tzinfo) -> Change:
    """Return a change that sets the time zone of the camera's clock. The local time stays the same."""
    return lambda shown: _changed(shown.taken_at, shown.utc_offset, lambda local: local, zone)


def set_date(day: date, at: time | None) -> Change:
    """Return a change that sets the local date to `day` and the time to `at`. The zone stays the same.

    If `at` is None, pictures keep their time of day; those without a time are set to midday.
    """

    def change(shown: PlaceAndTime) -> Any:
        known = shown.taken_at or datetime.combine(day, MIDDAY, UTC)
        return _changed(
            known, shown.utc_offset, lambda local: datetime.combine(day, at or local.time()), shown.utc_offset
        )

    return change


def set_location(latitude: float | None, longitude: float | None) -> Change:
    """Return a change that sets the coordinates, in degrees; None removes them."""
    return lambda shown: {"latitude": latitude, "longitude": longitude}


def set_archived(archived: bool) -> Change:
    """Return a change that archives pictures, or shows them again.

    The timeline does not show archived pictures, and only searches for archived pictures find them.
    """
    return lambda shown: archived


def _changed(
    taken_at: datetime | None, utc_offset: int | None, move: Callable[[datetime], datetime], zone: tzinfo | int | None
) -> Any:
    """Return the value of TIME after `move` has changed the camera's clock, or None if there is no valid time.

    `zone` is the new time zone, as a tzinfo or in minutes ahead of UTC. If it is None (unknown), the clock is stored as
    if it were UTC.
    """
    if taken_at is None:
        return None
    try:
        local = move((taken_at.astimezone(UTC) + timedelta(minutes=utc_offset or 0)).replace(tzinfo=None))
        offset = _minutes(local, zone) if isinstance(zone, tzinfo) else zone
        instant = (local - timedelta(minutes=offset or 0)).replace(tzinfo=UTC)
    except OverflowError:  # the result is before the year 1 or after 9999
        return None
    # In the years 1 and 9999, conversions could overflow, and the year 1 also means that there is no date.
    if not 1 < local.year < 9999:
        return None
    return {"taken_at": instant.isoformat(), "utc_offset": offset}


def _minutes(local: datetime, zone: tzinfo) -> int | None:
    # Before time zones were introduced, local mean time could differ from UTC by up to 16 hours.
    offset = local.replace(tzinfo=zone).utcoffset() or timedelta()
    return round(offset / timedelta(minutes=1)) if abs(offset) <= MAX_UTC_OFFSET else None
