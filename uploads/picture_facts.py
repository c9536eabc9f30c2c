"""Save the values that are derived from a picture's file, its sidecars, its parts and its owner's changes.

The functions run in the caller's transaction, which must lock pictures with `lock_pictures` before writing to them.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from uploads.database import fetch_row, fetch_rows
from uploads.media.photo_time import DATE_ONLY
from uploads.models import PartRole
from uploads.pairs import PairFile
from uploads.places import name_place
from uploads.sidecars.merge import FILE, PlaceAndTime, merge_sidecars, place_and_time
from uploads.sidecars.own_edits import ARCHIVED, EDITS, apply_edits

Sidecars = Mapping[str, Any]
"""Values keyed by kind of sidecar, as in `Upload.sidecars`."""

# Also lock each picture's parts, and the picture that a part belongs to, because changing one may change the others.
_LOCK = """
SELECT id, filename, kind, taken_at, utc_offset, taken_source, latitude, longitude, duration, group_id,
       sidecars::text, processed_at IS NOT NULL, part_of_id, part_role,
       trashed_at IS NOT NULL
  FROM uploads_upload WHERE {condition} ORDER BY id FOR NO KEY UPDATE
"""
LOCK_PICTURES = _LOCK.format(
    condition="""id = ANY(ARRAY(SELECT unnest(%(ids)s::bigint[])
                UNION SELECT id FROM uploads_upload WHERE part_of_id = ANY(%(ids)s::bigint[])
                UNION SELECT part_of_id FROM uploads_upload WHERE id = ANY(%(ids)s::bigint[])))"""
)
# The same for one picture. PostgreSQL plans this statement once per connection, but the other one on every call,
# because its cost depends on the length of the array.
LOCK_PICTURE = _LOCK.format(
    condition="""id = %(id)s OR part_of_id = %(id)s
                OR id = (SELECT part_of_id FROM uploads_upload WHERE id = %(id)s)"""
)
FACTS = """taken_at = %(taken_at)s, utc_offset = %(utc_offset)s, taken_source = %(taken_source)s,
           latitude = %(latitude)s, longitude = %(longitude)s, place = %(place)s,
           title = %(title)s, caption = %(caption)s,
           keywords = %(keywords)s::jsonb, albums = %(albums)s::jsonb, rating = %(rating)s,
           favourite = %(favourite)s, archived = %(archived)s, sidecars = %(sidecars)s::jsonb"""
SAVE_FACTS = f"""
WITH saved AS (
    UPDATE uploads_upload SET {FACTS}, updated_at = clock_timestamp() WHERE id = %(id)s RETURNING id
)
UPDATE uploads_appearance SET due_at = clock_timestamp() FROM saved WHERE upload_id = saved.id RETURNING upload_id
"""
SAVE_PART = """
UPDATE uploads_upload
   SET part_of_id = %(main)s::bigint, part_role = CASE WHEN id = %(id)s THEN %(role)s ELSE part_role END,
       updated_at = clock_timestamp()
 WHERE id = %(id)s OR part_of_id = %(id)s AND %(main)s::bigint IS NOT NULL
RETURNING id
"""
FIND_GROUP = "SELECT id FROM uploads_upload WHERE owner_id = %(owner)s AND group_id = %(group)s AND group_id <> ''"


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A locked picture's row; see Upload for the fields."""

    id: int
    filename: str
    kind: str
    taken_at: datetime | None
    utc_offset: int | None
    taken_source: str
    latitude: float | None
    longitude: float | None
    duration: float | None
    group_id: str
    sidecars_json: str
    is_processed: bool
    part_of: int | None
    part_role: str
    is_trashed: bool

    @property
    def sidecars(self) -> dict[str, Any]:
        """The stored values of the picture's sidecars, by kind."""
        found: dict[str, Any] = json.loads(self.sidecars_json)
        return found

    @property
    def file(self) -> PlaceAndTime:
        """The time and place from the file itself, excluding a date derived from its name."""
        if FILE in self.sidecars:
            return PlaceAndTime.from_json(self.sidecars[FILE])
        return self.shown if self.taken_source != "name" else replace(self.shown, taken_at=None, source="")

    @property
    def shown(self) -> PlaceAndTime:
        """The time and place to show, derived from the file, its sidecars and the owner's changes."""
        return PlaceAndTime(self.taken_at, self.utc_offset, self.taken_source, self.latitude, self.longitude)

    def as_pair_file(self, name: str, batch_id: int | None) -> PairFile:
        """Return the file in the form that find_parts() needs. `name` is its name in the import's folder."""
        taken = self.shown
        if EDITS in self.sidecars:
            # Ignore the owner's changes: a new date must not separate a live photo from its video.
            taken = place_and_time(merge_sidecars(self.sidecars), self.file, self.filename)
        taken_at = None if taken.source == DATE_ONLY else taken.taken_at
        return PairFile(self.id, name or self.filename, self.kind, taken_at, self.duration, self.group_id, batch_id)


def lock_pictures(ids: Collection[int]) -> dict[int, PictureRow]:
    """Lock the pictures in `ids`, their parts, and the pictures that they are parts of, in order of id.

    Return the rows that exist, keyed by id. The caller must have locked the items involved, but no batch.
    """
    one, *others = sorted(ids) or [0]
    locked = fetch_rows(LOCK_PICTURES, {"ids": [one, *others]}) if others else fetch_rows(LOCK_PICTURE, {"id": one})
    return {row.id: row for row in (PictureRow(*values) for values in locked)}


def facts_parameters(filename: str, sidecars: Sidecars, file: PlaceAndTime) -> dict[str, object]:
    """Return the parameters of FACTS. The owner's changes take precedence over the values from merge_sidecars()."""
    values, edits = merge_sidecars(sidecars), sidecars.get(EDITS, {})
    found = apply_edits(place_and_time(values, file, filename), edits)
    kept = {**sidecars, FILE: file.as_json()} if sidecars.keys() - {FILE} else {}
    return {
        "taken_at": found.taken_at,
        "utc_offset": found.utc_offset,
        "taken_source": found.source,
        "latitude": found.latitude,
        "longitude": found.longitude,
        "place": name_place(found.latitude, found.longitude)[:200],
        "title": values.title,
        "caption": values.caption,
        "keywords": json.dumps(values.keywords),
        "albums": json.dumps(values.albums),
        "rating": values.rating,
        "favourite": bool(values.favourite),
        "archived": bool(edits.get(ARCHIVED, values.archived)),
        "sidecars": json.dumps(kept),
    }


def save_sidecars(picture: PictureRow, sidecars: Sidecars) -> None:
    """Save the values of a locked picture's sidecars and its owner's changes, and update the derived columns."""
    fetch_row(SAVE_FACTS, {"id": picture.id, **facts_parameters(picture.filename, sidecars, picture.file)})


def save_part(upload_id: int, main_id: int | None, role: PartRole | str) -> None:
    """Turn a locked picture and its parts into parts of `main_id`, or into a separate picture if that is None."""
    fetch_row(SAVE_PART, {"id": upload_id, "main": main_id, "role": role if main_id else ""})


def find_group(owner_id: int, group_id: str) -> list[int]:
    """Return the ids of the owner's pictures with this `group_id`, or an empty list if it is blank."""
    return [id for (id,) in fetch_rows(FIND_GROUP, {"owner": owner_id, "group": group_id})]


def group_id_of(metadata: Mapping[str, Any]) -> str:
    """Return the identifier that the camera wrote into all files of a live photo or burst, or "" if there is none."""
    for prefix, key in (("burst", "burst_id"), ("live", "content_identifier")):
        if isinstance(value := metadata.get(key), str) and value:
            return f"{prefix}:{value}"[:100]
    return ""
