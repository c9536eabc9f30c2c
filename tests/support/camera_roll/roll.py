"""The files of a camera roll, and the expected outcome of importing each."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.camera_roll.encoders import SIZE, Shot

START = datetime(2024, 7, 1, 9)  # noqa: DTZ001 (a camera's clock)
_PLACES = ((52.52, 13.405), (-33.86, 151.2094), (64.1466, -21.9426), (27.5916, 86.564), (-22.9519, -43.2105))
_ZONES = (120, 600, 0, 345, -180)


@dataclass(frozen=True)
class Outcome:
    """The expected outcome of importing a file. `result` is the item's result or error code.

    `of` is the path of the picture to which the file belongs. The other fields describe the picture, and are blank if
    the file is not a picture. Coordinates in `place` have up to four decimals.
    """

    result: str = "new"
    taken_at: datetime | None = None
    utc_offset: int | None = None
    source: str = ""
    place: tuple[float, float] | None = None
    of: str = ""
    role: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def of_shot(
    shot: Shot, source: str = "exif", part: tuple[str, str] = ("", ""), more: dict[str, Any] | None = None
) -> Outcome:
    """Return the expected outcome of a picture with the values of `shot`.

    For a part of another picture, `part` is (path of that picture, role of the part). Blank values in `more` are left
    out, because they count as unknown.
    """
    known = {name: value for name, value in (more or {}).items() if value}
    return Outcome("new", shot.taken_at, shot.offset, source, shot.place, *part, known)


class Roll:
    """Files keyed by path, and the expected outcomes keyed by each file's path within the import."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.size = size
        self.files: dict[str, bytes] = {}
        self.expected: dict[str, Outcome] = {}
        self._numbers = itertools.count(1)

    def add(self, path: str, data: bytes, outcome: Outcome) -> None:
        assert path not in self.files
        self.files[path], self.expected[path] = data, outcome

    def shots(self, count: int, *, zone: bool = True, place: bool = True) -> Iterator[tuple[int, Shot]]:
        """Yield `count` new numbers, each with its own shot."""
        for number in itertools.islice(self._numbers, count):
            local = START + timedelta(minutes=37 * number)
            where = number % len(_PLACES)
            yield number, Shot(local, _ZONES[where] if zone else None, _PLACES[where] if place else None)

    def write(self, folder: Path) -> None:
        """Write all files to a folder and its subfolders."""
        for path, data in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
