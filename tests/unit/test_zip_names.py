"""Names in a downloaded ZIP archive are unique and valid on all systems."""

import uuid
from datetime import UTC, datetime

from uploads.models import Upload
from uploads.zip_stream import ZipEntry, zip_entries


def entries(*names: str, taken_at: datetime | None = None) -> list[ZipEntry]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rows = (Upload(filename=name, key=uuid.uuid4(), size=1, created_at=now, taken_at=taken_at) for name in names)
    return zip_entries(rows)


def test_equal_names_are_numbered_regardless_of_letter_case() -> None:
    names = [entry.name for entry in entries("a.jpg", "A.JPG", "a.jpg", "a (2).jpg", "sha256sums.TXT")]

    assert names == ["a.jpg", "A (2).JPG", "a (3).jpg", "a (2) (2).jpg", "sha256sums (2).TXT"]


def test_times_that_zip_cannot_store_are_moved_into_its_range() -> None:
    [old], [new] = (entries("a.jpg", taken_at=datetime(year, 1, 1, tzinfo=UTC)) for year in (1839, 2110))

    assert (old.modified_at.year, new.modified_at.year) == (1980, 2038)
