"""The values that a sidecar contains about a picture, and their storage as JSON."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from uploads.media.sanitize import Json, clean_text

MAX_CAPTION = 5_000
MAX_LIST = 200
"""The maximum number of keywords, and of albums, per picture."""


class InvalidSidecar(ValueError):
    """The file is not a valid sidecar of the kind that its name and first bytes suggest."""


class ExportData(ValueError):
    """The file belongs to an export, but describes neither a picture nor an album."""


@dataclass(frozen=True, slots=True)
class SidecarTime:
    """When a picture was taken according to a sidecar. `at` is timezone-aware.

    `is_instant` is false if the sidecar has a local time without a zone. That time is then stored as if it were UTC, as
    in uploads.media.photo_time. `utc_offset` is in minutes. The sidecar may have rounded the time down, by less than
    `precision` seconds.
    """

    at: datetime
    utc_offset: int | None = None
    is_instant: bool = True
    precision: int = 1


@dataclass(frozen=True, slots=True)
class SidecarValues:
    """Values for one picture; None, "" and () mean that the sidecar does not contain the value.

    `latitude` and `longitude` are WGS 84 degrees. `rating` is 0 to 5, or -1 for rejected. `archived` includes pictures
    that are hidden in an Apple export. `trashed` means that the picture was in the trash of the exporting service.
    `edited` means that the sidecar contains edits that are not in the picture itself.
    """

    time: SidecarTime | None = None
    latitude: float | None = None
    longitude: float | None = None
    title: str = ""
    caption: str = ""
    keywords: tuple[str, ...] = ()
    albums: tuple[str, ...] = ()
    rating: int | None = None
    favourite: bool | None = None
    archived: bool | None = None
    trashed: bool | None = None
    edited: bool | None = None

    def as_json(self) -> dict[str, Json]:
        """Return the known values, for a JSON column."""
        values: dict[str, Any] = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        if self.time is not None:
            values["time"] = {**asdict(self.time), "at": self.time.at.isoformat()}
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "SidecarValues":
        """Return the values from the result of `as_json`."""
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        fields: dict[str, Any] = {**values, **lists}
        if time := values.get("time"):
            fields["time"] = SidecarTime(**{**time, "at": datetime.fromisoformat(time["at"])})
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Entry:
    """Values for the picture that a sidecar names. uploads.sidecars.name_match matches `name` to file names.

    A blank `name` refers to all pictures in the folder. `folder` is relative to the sidecar's folder: "" or
    "../Photos".
    """

    name: str
    values: SidecarValues = field(default_factory=SidecarValues)
    folder: str = ""


def clean_lines(value: object, limit: int = MAX_CAPTION) -> str:
    """Return text of several lines without control characters, trimmed, and truncated to `limit` characters.

    Values that are not text become "".
    """
    if not isinstance(value, str):
        return ""
    lines = (clean_text(line, limit) for line in value[: 4 * limit].splitlines())
    return "\n".join(lines).strip()[:limit].rstrip()


def clean_list(values: object) -> tuple[str, ...]:
    """Return up to MAX_LIST distinct texts from a list, in order."""
    if not isinstance(values, list):
        return ()
    return tuple(dict.fromkeys(text for value in values[: 10 * MAX_LIST] if (text := clean_text(value))))[:MAX_LIST]
