"""The time when a picture or video was taken. Web processes import this module, so it imports little."""

from dataclasses import dataclass
from datetime import datetime

DATE_ONLY = "exif_date"
"""The source of a date without a time of day."""


@dataclass(frozen=True, slots=True)
class PhotoTime:
    """When a picture or video was taken. `taken_at` is aware; if the zone is unknown, the local time is stored as UTC.

    `utc_offset` is how many minutes the local time is ahead of UTC, or None if the zone is unknown. It is 0 if only the
    instant is known, because the file has no local time. `source` is a value of uploads.models.TakenSource, or "" if
    there is no time. A date without a time of day is stored as midnight in an unknown zone, with the source DATE_ONLY.
    """

    taken_at: datetime | None = None
    utc_offset: int | None = None
    source: str = ""
