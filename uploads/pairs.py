"""Which files are parts of one picture: the film of a live photo, a RAW file beside its JPEG, pictures of a burst."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from uploads.media.utc_offset import nearest_utc_offset
from uploads.models import MediaKind, PartRole
from uploads.sidecars.names import burst_of, name_key, split_name

MAX_LIVE_SECONDS = 15
_CLOSE = timedelta(seconds=10)
_RAW = re.compile(r"\.(dng|cr[23w]|nef|nrw|arw|srf|sr2|raf|orf|rw[2l]|pef|srw|x3f|3fr|iiq|raw)")

Parts = dict[int, tuple[int, PartRole]]


@dataclass(frozen=True, slots=True)
class PairFile:
    """A file that may be part of another one. `name` is its name in the folder; `group_id` as in Upload."""

    id: int
    name: str
    kind: str
    taken_at: datetime | None = None
    duration: float | None = None
    group_id: str = ""

    @property
    def stem(self) -> tuple[str, str]:
        """What is equal in the names of the parts of one picture."""
        parts = split_name(self.name)
        stem = name_key(self.name) if parts.stem.startswith("pxl_") else parts.stem.removesuffix("_hevc")
        return stem, parts.counter

    @property
    def is_raw(self) -> bool:
        """Whether the name is that of a RAW file."""
        return bool(_RAW.fullmatch(split_name(self.name).extension))


def find_parts(files: Sequence[PairFile]) -> Parts:
    """Return, for each file that is a part of another one, the id of that picture and its role.

    `files` are candidates: files of one folder with the same `name_key`, or with the same `group_id`. The result does
    not depend on their order. No picture in the result is itself a part.
    """
    raws = [file for file in files if file.is_raw]
    stills = [file for file in files if file.kind == MediaKind.IMAGE and not file.is_raw]
    films = [file for file in files if file.kind == MediaKind.VIDEO]
    parts = _bursts(stills)
    for film in films:
        if main := _first(still for still in stills if _is_live(still, film)):
            parts[film.id] = (main.id, PartRole.LIVE)
    for raw in raws:
        if main := _first(still for still in stills if still.stem == raw.stem):
            parts[raw.id] = (main.id, PartRole.RAW)
    return {id: (parts[main][0] if main in parts else main, role) for id, (main, role) in parts.items()}


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
    """Return whether a film belongs to a live photo: by Apple's content identifier, else by name, length and time."""
    if still.group_id and film.group_id:
        return still.group_id == film.group_id
    is_short = film.duration is None or film.duration <= MAX_LIVE_SECONDS
    return still.stem == film.stem and is_short and _is_close(still.taken_at, film.taken_at)


def _is_close(one: datetime | None, other: datetime | None) -> bool:
    """Return whether two times may be the same one. They may differ by a zone that one of the files does not know."""
    if one is None or other is None:
        return True
    return nearest_utc_offset(one - other, _CLOSE) is not None


def _first(files: Iterable[PairFile]) -> PairFile | None:
    return min(files, key=lambda file: (file.name, file.id), default=None)
