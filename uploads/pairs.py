"""Decide which files are parts of one picture.

Parts are the video of a live photo, the RAW file of a JPEG, pictures of a burst, and the original of an edited
picture.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from uploads.media.utc_offset import nearest_utc_offset
from uploads.models import MediaKind, PartRole
from uploads.sidecars.names import RAW_EXTENSIONS, burst_of, edited_from, name_key, split_name

MAX_LIVE_SECONDS = 15
_CLOSE = timedelta(seconds=10)
_RAW = re.compile(rf"\.({RAW_EXTENSIONS})")

Parts = dict[int, tuple[int, PartRole]]


@dataclass(frozen=True, slots=True)
class PairFile:
    """A file that may be a picture or a part of one. `name` is its name in the folder; for `group_id`, see Upload.

    `batch` is the file's import. Files of different imports are matched by name only if their times agree.
    """

    id: int
    name: str
    kind: str
    taken_at: datetime | None = None
    duration: float | None = None
    group_id: str = ""
    batch: int | None = None

    @property
    def stem(self) -> tuple[str, str]:
        """A key derived from the name. A picture, its RAW file and its live photo's video have the same key."""
        parts = split_name(self.name)
        stem = name_key(self.name) if parts.stem.startswith("pxl_") else parts.stem.removesuffix("_hevc")
        return stem, parts.counter

    @property
    def is_raw(self) -> bool:
        """Whether the name has the extension of a RAW file."""
        return bool(_RAW.fullmatch(split_name(self.name).extension))


def find_parts(files: Sequence[PairFile]) -> Parts:
    """Return a dictionary that maps the id of each part to the id of its picture and the part's role.

    `files` are candidates: files of one folder with the same `name_key`, or with the same `group_id`. The result does
    not depend on their order. No picture in the result is itself a part. An edited picture is shown instead of its
    original.
    """
    raws = [file for file in files if file.is_raw]
    stills = [file for file in files if file.kind == MediaKind.IMAGE and not file.is_raw]
    films = [file for file in files if file.kind == MediaKind.VIDEO]
    parts = _bursts(still for still in stills if not edited_from(still.name)) | _originals(stills)
    for film in films:
        if main := _first(still for still in stills if _is_live(still, film)):
            parts[film.id] = (main.id, PartRole.LIVE)
    for raw in raws:
        if main := _first(still for still in stills if still.stem == raw.stem and _are_together(still, raw)):
            parts[raw.id] = (main.id, PartRole.RAW)
    return {id: (_shown(main, parts), role) for id, (main, role) in parts.items()}


def _shown(main: int, parts: Parts) -> int:
    """Return the picture that is shown for `main`. If `main` is itself a part, this is the picture it belongs to."""
    while main in parts:
        main = parts[main][0]
    return main


def _originals(stills: Sequence[PairFile]) -> Parts:
    parts: Parts = {}
    for edited in stills:
        if name := edited_from(edited.name):
            originals = (still for still in stills if not edited_from(still.name) and _is_original(still, name))
            if original := _first(still for still in originals if _are_close(still, edited)):
                parts[original.id] = (edited.id, PartRole.ORIGINAL)
    return parts


def _is_original(still: PairFile, name: tuple[str, str]) -> bool:
    parts = split_name(still.name)
    return (parts.stem, parts.counter) == name


def _are_together(one: PairFile, other: PairFile) -> bool:
    """Return whether two files with the same name may belong together: from one import, or taken at the same time."""
    return one.batch == other.batch or (one.taken_at is not None and one.taken_at == other.taken_at)


def _are_close(one: PairFile, other: PairFile) -> bool:
    return _are_together(one, other) and _is_close(one.taken_at, other.taken_at)


def _bursts(stills: Iterable[PairFile]) -> Parts:
    bursts: dict[str, list[PairFile]] = defaultdict(list)
    for still in stills:
        if burst := still.group_id if still.group_id.startswith("burst:") else burst_of(still.name):
            bursts[burst].append(still)
    parts: Parts = {}
    for members in bursts.values():
        covers = [member for member in members if "cover" in member.name.lower()]
        main = _first(covers or members)
        parts |= {member.id: (main.id, PartRole.BURST) for member in members if main and member is not main}
    return parts


def _is_live(still: PairFile, film: PairFile) -> bool:
    """Return whether `film` is the video of the live photo `still`.

    If both have a `group_id`, nothing else is compared. Otherwise, the names and times are compared, and the video must
    be short.
    """
    if still.group_id and film.group_id:
        return still.group_id == film.group_id
    is_short = film.duration is None or film.duration <= MAX_LIVE_SECONDS
    return still.stem == film.stem and is_short and _are_close(still, film)


def _is_close(one: datetime | None, other: datetime | None) -> bool:
    """Return whether two times may be equal. They may differ by a UTC offset that one of the files does not state."""
    if one is None or other is None:
        return True
    return nearest_utc_offset(one - other, _CLOSE) is not None


def _first(files: Iterable[PairFile]) -> PairFile | None:
    return min(files, key=lambda file: (file.name, file.id), default=None)
